using Gantry.Core.Errors;
using Gantry.Core.Namespaces;
using Gantry.Linux.Mounts;
using Gantry.Runtime.Bundles;
using Gantry.Testing;
using Xunit;

namespace Gantry.Runtime.Tests.Bundles;

public sealed class BundleStoreTests : IDisposable
{
    private static readonly Namespace Ns = Namespace.Parse("default");

    private readonly TempDirectory _directory = new();
    private readonly BundleStore _bundles;

    public BundleStoreTests() => _bundles = new BundleStore(_directory["root"], _directory["state"]);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_bundle_is_laid_out_as_containerd_does_it()
    {
        byte[] spec = " {\"ociVersion\" : \"1.0.2\"}\n"u8.ToArray();

        Bundle bundle = _bundles.Create(Ns, "c1", spec);

        string tree = _directory["state/io.containerd.runtime.v2.task"];
        Assert.Equal(Path.Combine(tree, "default/c1"), bundle.DirectoryPath);
        Assert.Equal(spec, File.ReadAllBytes(bundle.SpecPath));
        Assert.Equal(Octal("711"), File.GetUnixFileMode(tree));
        Assert.Equal(Octal("711"), File.GetUnixFileMode(Path.Combine(tree, "default")));
        Assert.Equal(Octal("700"), File.GetUnixFileMode(bundle.DirectoryPath));
        Assert.Equal(Octal("711"), File.GetUnixFileMode(bundle.RootFilesystemPath));
        Assert.Equal(
            _directory["root/io.containerd.runtime.v2.task/default/c1"],
            new FileInfo(bundle.WorkLinkPath).LinkTarget);
        Assert.True(Directory.Exists(bundle.WorkPath));
    }

    [Fact]
    public void The_root_of_a_user_namespace_may_pass_through_its_bundle()
    {
        Needs.Root();
        byte[] spec =
            """{"linux":{"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]}}"""u8.ToArray();

        Bundle bundle = _bundles.Create(Ns, "c1", spec);

        Assert.Equal(Octal("710"), File.GetUnixFileMode(bundle.DirectoryPath));
    }

    [Fact]
    public void A_spec_that_is_no_json_is_written_all_the_same()
    {
        Bundle bundle = _bundles.Create(Ns, "c1", "nonsense"u8.ToArray());

        Assert.Equal("nonsense", File.ReadAllText(bundle.SpecPath));
    }

    [Fact]
    public void A_bundle_that_is_there_is_not_made_again()
    {
        _bundles.Create(Ns, "c1", "{}"u8.ToArray());

        GantryException failure = Assert.Throws<GantryException>(() => _bundles.Create(Ns, "c1", "{}"u8.ToArray()));

        Assert.Equal(ErrorKind.AlreadyExists, failure.Kind);
    }

    [Theory]
    [InlineData("../c1")]
    [InlineData("")]
    [InlineData("a/b")]
    public void An_id_that_breaks_the_rule_is_refused(string id)
    {
        GantryException failure = Assert.Throws<GantryException>(() => _bundles.Create(Ns, id, "{}"u8.ToArray()));

        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        Assert.False(Directory.Exists(_directory["state"]));
    }

    [Fact]
    public void Deleting_a_bundle_unmounts_what_is_in_it_and_spares_the_files_there()
    {
        Needs.Root();
        Bundle bundle = _bundles.Create(Ns, "c1", "{}"u8.ToArray());
        Directory.CreateDirectory(_directory["files/below"]);
        File.WriteAllText(_directory["files/kept"], "kept");
        MountCalls.Mount("bind", _directory["files"], bundle.RootFilesystemPath, ["rbind", "rw"]);
        MountCalls.Mount("tmpfs", "tmpfs", Path.Combine(bundle.RootFilesystemPath, "below"), []);

        _bundles.Delete(bundle);

        Assert.Equal("kept", File.ReadAllText(_directory["files/kept"]));
        Assert.Empty(MountInfo.ReadBelow(_directory.Path));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(bundle.DirectoryPath)!));
        Assert.False(Directory.Exists(bundle.WorkPath));
    }

    [Fact]
    public void Deleting_a_bundle_twice_is_no_error()
    {
        Bundle bundle = _bundles.Create(Ns, "c1", "{}"u8.ToArray());

        _bundles.Delete(bundle);
        _bundles.Delete(bundle);

        Assert.Empty(_bundles.Find());
    }

    [Fact]
    public void Bundles_are_found_and_what_a_removal_left_half_done_is_finished()
    {
        Bundle one = _bundles.Create(Ns, "c1", "{}"u8.ToArray());
        Bundle two = _bundles.Create(Namespace.Parse("other"), "c1", "{}"u8.ToArray());
        string half = Path.Combine(Path.GetDirectoryName(one.DirectoryPath)!, ".removed-x");
        Directory.CreateDirectory(half);

        Assert.Equal([one, two], _bundles.Find().OrderBy(b => b.Namespace.ToString(), StringComparer.Ordinal));
        Assert.False(Directory.Exists(half));
    }

    private static UnixFileMode Octal(string digits) => (UnixFileMode)Convert.ToInt32(digits, 8);
}
