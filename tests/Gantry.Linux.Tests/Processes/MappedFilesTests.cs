using Gantry.Linux.Processes;
using Xunit;

namespace Gantry.Linux.Tests.Processes;

public sealed class MappedFilesTests
{
    [Fact]
    public void Code_that_is_let_go_runs_on()
    {
        Assert.True(MappedFiles.Release() > 0);

        Assert.True(MappedFiles.Release() > 0);
    }

    [Theory]
    [InlineData("00401000-00403000 r-xp 00001000 fe:00 12 /usr/bin/a", true)]
    [InlineData("00401000-00403000 r-xp 00001000 fe:00 12 /a path/b (deleted)", true)]
    [InlineData("00401000-00403000 r--s 00001000 fe:00 12 /var/lib/a.db", true)]
    [InlineData("00401000-00403000 rw-s 00001000 fe:00 12 /var/lib/a.db-shm", false)]
    [InlineData("00401000-00403000 r--p 00001000 fe:00 12 /usr/bin/a", false)]
    [InlineData("00401000-00403000 rwxp 00001000 fe:00 12 /usr/bin/a", false)]
    [InlineData("00401000-00403000 r-xp 00000000 00:00 0 [vdso]", false)]
    [InlineData("00401000-00403000 r-xp 00000000 00:00 0", false)]
    [InlineData("00403000-00401000 r-xp 00001000 fe:00 12 /usr/bin/a", false)]
    [InlineData("x-y r-xp 00001000 fe:00 12 /usr/bin/a", false)]
    [InlineData("", false)]
    public void Only_what_nobody_has_written_to_counts(string line, bool counts)
    {
        Assert.Equal(counts, MappedFiles.TryParse(line, out nuint _, out nuint length));
        Assert.Equal(counts ? (nuint)0x2000 : 0, length);
    }
}
