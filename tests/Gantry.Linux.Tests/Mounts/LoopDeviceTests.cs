using Gantry.Linux.Mounts;
using Gantry.Testing;
using Xunit;

namespace Gantry.Linux.Tests.Mounts;

public sealed class LoopDeviceTests
{
    [Fact]
    public async Task A_device_shows_its_file_and_goes_with_its_last_user()
    {
        Needs.Root();
        Needs.Require(File.Exists("/dev/loop-control"), "/dev/loop-control");
        using TempDirectory directory = new();
        byte[] data = [.. Enumerable.Range(0, 4096).Select(i => (byte)i)];
        File.WriteAllBytes(directory["disk"], data);
        string name = "/a/path/that/is/longer/than/what/the/kernel/keeps/of/it/which/is/63/bytes";

        string path;
        using (LoopDevice device = LoopDevice.Attach(directory["disk"], readOnly: true, directIo: false, name))
        {
            path = device.Path;
            Assert.Equal(data, File.ReadAllBytes(path));
            Assert.Equal(LoopDevice.KeptName(name), device.Name());
            Assert.EndsWith("/63/bytes", device.Name(), StringComparison.Ordinal);
            device.SetAutoclear(false);
        }

        // It stays, since it was told to.
        using (LoopDevice again = LoopDevice.Existing(path))
        {
            Assert.Equal(LoopDevice.KeptName(name), again.Name());
            again.SetAutoclear(true);
        }

        // A program that another test is just starting holds what was open at its fork until its exec.
        string backing = $"/sys/block/{Path.GetFileName(path)}/loop/backing_file";
        await Poll.UntilAsync(() => !Shows(backing, directory.Path), $"{path} is free");
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error()
    {
        Needs.Root();

        LinuxException error = Assert.Throws<LinuxException>(
            () => LoopDevice.Attach("/nowhere/disk", readOnly: true, directIo: false, ""));

        Assert.Equal(Errno.ENOENT, error.Errno);
    }

    private static bool Shows(string file, string what)
    {
        try
        {
            return File.ReadAllText(file).Contains(what, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
