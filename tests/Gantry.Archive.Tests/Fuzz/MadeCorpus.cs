namespace Gantry.Archive.Tests.Fuzz;

/// <summary>Layers to begin with, made here: each has what a kind of code looks at.</summary>
internal static class MadeCorpus
{
    public static IEnumerable<byte[]> All() =>
    [
        new TarBuilder().Directory("d/").File("d/.wh.foreign").File("d/.wh.file").File(".wh.none").File("d/new", "x").Build(),
        new TarBuilder().Directory("d/").File("d/.wh..wh..opq").File("d/new", "x").File("d/sub/deep/file", "y").Build(),
        new TarBuilder().File("link/victim", "evil").File("link/.wh.victim").File("../outside/victim", "evil").Build(),
        new TarBuilder().Symlink("d", "/").File("d/etc", "x").Symlink("a", "b").Symlink("b", "a").File("a/x", "y").Build(),
        new TarBuilder().File("f", "x").HardLink("g", "f").HardLink("h", "d/file").HardLink("i", "link/victim").Build(),
        new TarBuilder().Add("fifo", '6').Add("null", '3', major: 1, minor: 3).Add("sda", '4', major: 8).Build(),
        new TarBuilder()
            .Pax(("SCHILY.xattr.user.k", "v"), ("mtime", "-1.5"), ("path", "d/long"), ("uid", "4000000000"))
            .File("short", "x", mode: 0xDED)
            .Build(),
        new TarBuilder()
            .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "s"), ("GNU.sparse.realsize", "90000"))
            .Add("GNUSparseFile.0/s", '0', [.. "1\n80000\n4\n"u8, .. new byte[502], .. "data"u8])
            .Build(),
        new TarBuilder().Add("d", 'g', "20 comment=12345678\n"u8.ToArray()).File("after", "x").Build(),
    ];
}
