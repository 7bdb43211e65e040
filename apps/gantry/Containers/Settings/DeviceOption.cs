using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Client.Containers;
using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>Values of options that name devices of the host.</summary>
internal static class DeviceOption
{
    private const string AllAccess = "rwm";

    /// <summary><c>/dev/a</c>, <c>/dev/a:/dev/b</c>, <c>/dev/a:rw</c> or <c>/dev/a:/dev/b:rw</c>.</summary>
    /// <exception cref="FormatException">It is malformed, or there is no such device.</exception>
    public static RuntimeSpec Apply(RuntimeSpec spec, string text)
    {
        string[] parts = text.Split(':');
        (string destination, string access) = parts switch
        {
            [_] => ("", AllAccess),
            [_, var second] when second.StartsWith('/') => (second, AllAccess),
            [_, var second] => ("", second),
            [_, var second, var third] => (second, third),
            _ => throw new FormatException($"device \"{text}\": not SOURCE, SOURCE:DESTINATION or SOURCE:DESTINATION:ACCESS"),
        };
        return spec.WithDevices(HostDevices.Of(parts[0], destination), access);
    }

    /// <summary><c>/dev/sda:500</c>.</summary>
    /// <exception cref="FormatException">It is malformed, or there is no such block device.</exception>
    public static SpecWeightDevice ParseWeight(string text)
    {
        (SpecDevice device, string value) = Block(text);
        return ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ushort weight)
            ? new SpecWeightDevice { Major = device.Major, Minor = device.Minor, Weight = weight }
            : throw new FormatException($"\"{text}\": weight \"{value}\" is no number");
    }

    /// <summary><c>/dev/sda:1m</c>, bytes per second.</summary>
    /// <exception cref="FormatException">It is malformed, or there is no such block device.</exception>
    public static SpecThrottleDevice ParseBytes(string text)
    {
        (SpecDevice device, string value) = Block(text);
        return Values.TrySize(value, out long rate)
            ? Throttle(device, (ulong)rate)
            : throw new FormatException($"\"{text}\": rate \"{value}\" is no size such as 1048576 or 1m");
    }

    /// <summary><c>/dev/sda:100</c>, operations per second.</summary>
    /// <exception cref="FormatException">It is malformed, or there is no such block device.</exception>
    public static SpecThrottleDevice ParseOperations(string text)
    {
        (SpecDevice device, string value) = Block(text);
        return ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong rate) && rate > 0
            ? Throttle(device, rate)
            : throw new FormatException($"\"{text}\": rate \"{value}\" is no positive number");
    }

    private static SpecThrottleDevice Throttle(SpecDevice device, ulong rate) =>
        new() { Major = device.Major, Minor = device.Minor, Rate = rate };

    private static (SpecDevice Device, string Value) Block(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon <= 0)
        {
            throw new FormatException($"\"{text}\": not DEVICE:VALUE");
        }

        return HostDevices.Of(text[..colon]) is [{ Type: "b" } device]
            ? (device, text[(colon + 1)..])
            : throw new FormatException($"\"{text}\": {text[..colon]} is no block device");
    }
}
