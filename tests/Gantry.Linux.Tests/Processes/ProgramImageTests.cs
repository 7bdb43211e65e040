using Gantry.Linux.Processes;
using Xunit;

namespace Gantry.Linux.Tests.Processes;

public sealed class ProgramImageTests
{
    [Fact]
    public void All_of_the_program_is_mapped_where_the_kernel_can()
    {
        bool can = Environment.OSVersion.Version >= new Version(5, 14);

        Assert.Equal(can, ProgramImage.Populate());
    }
}
