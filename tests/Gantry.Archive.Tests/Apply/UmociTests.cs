using System.Text.Json;
using Gantry.Archive.Apply;
using Gantry.Testing;
using Xunit;

namespace Gantry.Archive.Tests.Apply;

public sealed class UmociTests : IDisposable
{
    private readonly ApplyFixture _fixture = new();

    public void Dispose()
    {
        Linux.Syscalls.DirectoryTree.Remove(Path.Combine(_fixture.Path, "bundle"));
        _fixture.Dispose();
    }

    [Fact]
    public async Task An_image_of_several_layers_comes_out_as_umoci_unpacks_it()
    {
        Needs.Program("umoci");
        await Shell.RunAsync(_fixture.Path, """
            umoci init --layout img; umoci new --image img:t; umoci unpack --image img:t bundle; r=bundle/rootfs
            mkdir -p $r/bin $r/etc/sub $r/var/lib/x $r/tree/a/b; printf prog >$r/bin/ping; chmod 755 $r/bin/ping
            setcap cap_net_raw+ep $r/bin/ping; printf su >$r/bin/su; chmod 4755 $r/bin/su; ln $r/bin/su $r/etc/su2
            printf 1 >$r/etc/one; printf 2 >$r/etc/sub/two; ln -s /etc/one $r/link; mkfifo $r/fifo; mknod $r/null c 1 3
            chown -R 33:44 $r/var; chmod 2775 $r/var/lib; setfattr -n user.k -v 0x00ff $r/etc/one
            for i in $(seq 300); do printf $i >$r/var/lib/x/f$i; done; printf x >$r/tree/a/b/c
            find $r -mindepth 1 -exec touch -h -d '2020-02-02 02:02:02' {} +
            umoci repack --image img:t bundle; rm -rf bundle; umoci unpack --image img:t bundle
            rm $r/etc/one $r/var/lib/x/f1*; rm -r $r/tree; mkdir $r/tree; printf new >$r/tree/n; chmod 700 $r/etc/sub
            printf changed >$r/etc/sub/two; ln $r/bin/su $r/bin/su3; chown 7:8 $r/bin/ping; setcap cap_chown+ep $r/bin/ping
            umoci repack --image img:t bundle; rm -rf bundle; umoci unpack --image img:t bundle
            rm $r/link; mkdir $r/link; printf d >$r/link/d; rm -r $r/etc/sub; printf f >$r/etc/sub
            umoci repack --image img:t bundle; rm -rf bundle; umoci unpack --image img:t bundle
            """);

        foreach ((string path, string mediaType) in Layers(Path.Combine(_fixture.Path, "img")))
        {
            await using FileStream layer = File.OpenRead(path);
            await LayerApplier.ApplyAsync(
                layer, mediaType, _fixture.Root, new ApplyOptions(), TestContext.Current.CancellationToken);
        }

        Assert.Equal(Tree.Describe(Path.Combine(_fixture.Path, "bundle/rootfs")), Tree.Describe(_fixture.Root));
    }

    private static List<(string Path, string MediaType)> Layers(string layout)
    {
        JsonElement index = Read(Path.Combine(layout, "index.json"));
        JsonElement manifest = Read(Blob(layout, index.GetProperty("manifests")[0]));
        return
        [
            .. manifest.GetProperty("layers").EnumerateArray()
                .Select(layer => (Blob(layout, layer), layer.GetProperty("mediaType").GetString()!)),
        ];
    }

    private static JsonElement Read(string path) => JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;

    private static string Blob(string layout, JsonElement descriptor) => Path.Combine(
        layout, "blobs", descriptor.GetProperty("digest").GetString()!.Replace(':', '/'));
}
