using System.Diagnostics;
using System.Formats.Tar;
using System.Net.Sockets;
using CliWrap.Buffered;
using Gantry.Oci.Image;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>Bad input ends in a clear error and a non-zero exit, and leaves nothing half-made.</summary>
[Collection(ImagesCollection.Name)]
public sealed class BadInputTests(Images images, BadInputTests.Daemon daemon) : IClassFixture<BadInputTests.Daemon>
{
    [Fact]
    public async Task An_unknown_image_is_not_found()
    {
        string name = images.Registry + "/nothing:here";

        BufferedCommandResult pull = await daemon.Gantry.GantryAsync("pull", name);
        BufferedCommandResult run = await daemon.Gantry.GantryAsync("run", "--rm", name, "true");

        await AssertRefusedAsync(pull, "not found");
        await AssertRefusedAsync(run, "not found");
    }

    [Fact]
    public async Task A_layer_whose_bytes_are_not_those_of_its_digest_is_refused()
    {
        string image = await PushAsync("corrupt", Layer(("etc/a", "a")), data => data[^1] ^= 1);

        BufferedCommandResult result = await daemon.Gantry.GantryAsync("pull", image);

        await AssertRefusedAsync(result, "failed precondition");
    }

    [Fact]
    public async Task A_layer_that_the_registry_cuts_short_is_refused()
    {
        string image = await PushAsync("short", Layer(("etc/a", new string('a', 100_000))), null, bytes => bytes[..^100]);

        BufferedCommandResult result = await daemon.Gantry.GantryAsync("pull", image);

        await AssertRefusedAsync(result, null);
    }

    [Fact]
    public async Task A_layer_that_is_cut_short_itself_is_refused()
    {
        byte[] whole = ImageFactory.MakeTar([("etc/a", new byte[100_000])]);
        string image = await PushAsync("torn", (ImageFactory.Gzip(whole)[..^20], Digest.OfBytes(whole)));

        BufferedCommandResult result = await daemon.Gantry.GantryAsync("pull", image);

        await AssertRefusedAsync(result, null);
    }

    [Fact]
    public async Task A_layer_whose_tar_is_not_what_the_config_says_is_refused()
    {
        (byte[] gzip, Digest _) = Layer(("etc/a", "a"));
        string image = await PushAsync("liar", (gzip, Digest.OfBytes([1])));

        BufferedCommandResult result = await daemon.Gantry.GantryAsync("pull", image);

        await AssertRefusedAsync(result, null);
    }

    [Fact]
    public async Task Paths_that_lead_out_of_the_root_stay_in_it_as_with_containerd()
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            string mark = "gantry-escaped";
            WriteFile(writer, "../../../../../../tmp/" + mark + "-1", "up");
            WriteFile(writer, "/tmp/" + mark + "-2", "absolute");
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "out") { LinkName = "/tmp" });
            WriteFile(writer, "out/" + mark + "-3", "through an absolute link");
            writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "up") { LinkName = "../../../../../../../../tmp" });
            WriteFile(writer, "up/" + mark + "-4", "through a relative link");
        }

        byte[] bytes = tar.ToArray();
        string image = await PushAsync("escape", (ImageFactory.Gzip(bytes), Digest.OfBytes(bytes)));
        await using ContainerdDaemon reference = await ContainerdDaemon.StartNewAsync();
        string expected = await FileTree.OfImageAsync(reference, image);

        string actual = await FileTree.OfImageAsync(daemon.Gantry, image);

        Assert.Equal(Names(expected), Names(actual));
        Assert.Empty(Directory.EnumerateFiles("/tmp", "gantry-escaped*"));
        Assert.Empty(await daemon.Gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_hard_link_to_a_file_outside_is_refused()
    {
        using MemoryStream tar = new();
        using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "shadow") { LinkName = "../../../../../../etc/shadow" });
        }

        byte[] bytes = tar.ToArray();
        string image = await PushAsync("hardlink", (ImageFactory.Gzip(bytes), Digest.OfBytes(bytes)));

        BufferedCommandResult result = await daemon.Gantry.GantryAsync("pull", image);

        await AssertRefusedAsync(result, null);
    }

    [Fact]
    public async Task A_name_that_breaks_the_rules_is_an_invalid_argument()
    {
        await daemon.Gantry.GantryAsync("pull", images.Busybox);

        BufferedCommandResult bad = await daemon.Gantry.GantryAsync("run", "--rm", "--name", "bad id", images.Busybox, "true");
        BufferedCommandResult space = await daemon.Gantry.GantryAsync("-n", "bad space", "images");

        Assert.NotEqual(0, bad.ExitCode);
        Assert.Contains("invalid argument", bad.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, space.ExitCode);
        Assert.Contains("invalid argument", space.StandardError, StringComparison.Ordinal);
        await daemon.Gantry.GantryAsync("rmi", images.Busybox);
        Assert.Empty(await daemon.Gantry.LeftoversAsync());
    }

    [Fact]
    public async Task A_socket_that_answers_nothing_is_given_up_on()
    {
        using TempDirectory directory = new();
        string path = directory["silent.sock"];
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(1);
        long start = Stopwatch.GetTimestamp();

        BufferedCommandResult result = await daemon.Gantry.RunAsync(
            Path.Combine(GantryDaemon.BinDirectory, "gantry"), ["-a", path, "--connect-timeout", "1s", "version"], null);
        BufferedCommandResult missing = await daemon.Gantry.RunAsync(
            Path.Combine(GantryDaemon.BinDirectory, "gantry"), ["-a", directory["none.sock"], "version"], null);

        Assert.NotEqual(0, result.ExitCode);
        Assert.StartsWith("gantry: ", result.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, missing.ExitCode);
        Assert.Contains("none.sock", missing.StandardError, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    private static (byte[] Gzip, Digest DiffId) Layer(params IReadOnlyList<(string Name, string Text)> files)
    {
        byte[] tar = ImageFactory.MakeTar([.. files.Select(f => (f.Name, System.Text.Encoding.UTF8.GetBytes(f.Text)))]);
        return (ImageFactory.Gzip(tar), Digest.OfBytes(tar));
    }

    private static void WriteFile(TarWriter writer, string name, string text)
    {
        using MemoryStream data = new(System.Text.Encoding.UTF8.GetBytes(text));
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data });
    }

    private static string Names(string tree) =>
        string.Join('\n', tree.Split('\n').Where(line => line.Contains("links ", StringComparison.Ordinal)));

    /// <summary>Pushes an image of one layer, and then damages the layer where the registry keeps it.</summary>
    private async Task<string> PushAsync(
        string name,
        (byte[] Gzip, Digest DiffId) layer,
        Action<byte[]>? damage = null,
        Func<byte[], byte[]>? replace = null)
    {
        using TempDirectory directory = new();
        OciLayout layout = new(directory["layout"]);
        Descriptor blob = layout.Add(MediaTypes.OciLayerGzip, layer.Gzip);
        layout.AddImage("latest", Platform.Current, [(blob, layer.DiffId)]);
        string image = await images.Server.PushAsync(layout.Source("latest"), name + ":latest");
        string file = Path.Combine(
            images.StorageDirectory, "docker", "registry", "v2", "blobs", "sha256", blob.Digest.Hex[..2], blob.Digest.Hex, "data");
        if (damage is not null || replace is not null)
        {
            byte[] bytes = await File.ReadAllBytesAsync(file);
            damage?.Invoke(bytes);
            await File.WriteAllBytesAsync(file, replace?.Invoke(bytes) ?? bytes);
        }

        return image;
    }

    private async Task AssertRefusedAsync(BufferedCommandResult result, string? text)
    {
        Assert.NotEqual(0, result.ExitCode);
        Assert.StartsWith("gantry: ", result.StandardError.Split('\n').Last(line => line.Length > 0), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.StandardError, StringComparison.Ordinal);
        if (text is not null)
        {
            Assert.Contains(text, result.StandardError, StringComparison.Ordinal);
        }

        // What other tests have removed may wait for the collector still.
        Assert.Equal(0, (await daemon.Gantry.GantryAsync("gc")).ExitCode);
        Assert.Equal("", await daemon.Gantry.CtrOkAsync("image", "ls", "-q"));
        Assert.Single((await daemon.Gantry.CtrOkAsync("snapshots", "ls")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("", await daemon.Gantry.CtrOkAsync("leases", "ls", "-q"));
        Assert.Empty(await daemon.Gantry.LeftoversAsync());
    }

    /// <summary>The daemon.</summary>
    public sealed class Daemon : IAsyncLifetime
    {
        private GantryDaemon? _gantry;

        public GantryDaemon Gantry => _gantry!;

        public async ValueTask InitializeAsync() => _gantry = await GantryDaemon.StartNewAsync();

        public async ValueTask DisposeAsync()
        {
            if (_gantry is not null)
            {
                await _gantry.DisposeAsync();
            }
        }
    }
}
