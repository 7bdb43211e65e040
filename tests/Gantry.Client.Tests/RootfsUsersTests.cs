using System.Diagnostics.CodeAnalysis;
using CliWrap;
using Gantry.Client.Containers;
using Gantry.Core.Mounts;
using Gantry.Oci.Runtime;
using Gantry.Testing;
using Xunit;

namespace Gantry.Client.Tests;

[SuppressMessage("Interoperability", "CA1416", Justification = "runs on Linux")]
public sealed class RootfsUsersTests : IDisposable
{
    private const string Two = "two:x:2:2:::\n";
    private const string One = "one:x:1:1:::\n";
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_uppermost_layer_that_has_the_file_counts()
    {
        Write("top/etc/other", "");
        Write("middle/etc/passwd", Two);
        Write("bottom/etc/passwd", One);

        UserDatabase users = RootfsUsers.Read([Overlay("top", "middle", "bottom")]);

        Assert.Equal(2u, users.Resolve("two").Uid);
        Assert.Throws<FormatException>(() => users.Resolve("one"));
    }

    [Fact]
    public async Task A_whiteout_hides_the_file_below()
    {
        Needs.Root();
        Directory.CreateDirectory(_directory["top/etc"]);
        await Cli.Wrap("mknod").WithArguments([_directory["top/etc/passwd"], "c", "0", "0"])
            .ExecuteAsync(TestContext.Current.CancellationToken);
        Write("bottom/etc/passwd", One);

        UserDatabase users = RootfsUsers.Read([Overlay("top", "bottom")]);

        Assert.Throws<FormatException>(() => users.Resolve("one"));
    }

    [Fact]
    public async Task An_opaque_directory_hides_the_file_below()
    {
        Needs.Root();
        Needs.Program("setfattr");
        Directory.CreateDirectory(_directory["top/etc"]);
        await Cli.Wrap("setfattr").WithArguments(["-n", "trusted.overlay.opaque", "-v", "y", _directory["top/etc"]])
            .ExecuteAsync(TestContext.Current.CancellationToken);
        Write("bottom/etc/passwd", One);

        UserDatabase users = RootfsUsers.Read([Overlay("top", "bottom")]);

        Assert.Throws<FormatException>(() => users.Resolve("one"));
    }

    [Fact]
    public void A_link_is_followed_within_the_root_and_never_out_of_it()
    {
        Needs.Root();
        Write("top/usr/passwd", Two);
        Directory.CreateDirectory(_directory["top/etc"]);
        File.CreateSymbolicLink(_directory["top/etc/passwd"], "/usr/passwd");
        File.CreateSymbolicLink(_directory["top/etc/group"], "../../../../../../../../etc/group");
        Write("bottom/etc/passwd", One);

        UserDatabase users = RootfsUsers.Read([Overlay("top", "bottom")]);

        Assert.Equal(2u, users.Resolve("two").Uid);
        Assert.Throws<FormatException>(() => users.Resolve("two:root"));
        Assert.DoesNotContain(
            File.ReadLines("/proc/self/mountinfo"),
            line => line.Contains(_directory.Path, StringComparison.Ordinal));
    }

    [Fact]
    public void A_directory_is_read_as_it_is()
    {
        Write("root/etc/passwd", One);

        UserDatabase users = RootfsUsers.Read([new Mount("bind", _directory["root"], ["rbind", "ro"])]);

        Assert.Equal(1u, users.Resolve("one").Uid);
    }

    private Mount Overlay(params string[] layers)
    {
        foreach (string layer in layers)
        {
            Directory.CreateDirectory(_directory[layer]);
        }

        Directory.CreateDirectory(_directory["work"]);
        return new Mount(
            "overlay",
            "overlay",
            [
                $"workdir={_directory["work"]}",
                $"upperdir={_directory[layers[0]]}",
                $"lowerdir={string.Join(':', layers[1..].Select(l => _directory[l]))}",
            ]);
    }

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_directory[path])!);
        File.WriteAllText(_directory[path], text);
    }
}
