using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Gantry.Server.Hosting;

/// <summary>Tells systemd how the daemon is (sd_notify(3)); does nothing where nobody asked for it.</summary>
public sealed class ServiceManager
{
    private const string SocketVariable = "NOTIFY_SOCKET";
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private const string WatchdogProcessVariable = "WATCHDOG_PID";

    private readonly string? _socket;

    /// <summary>Makes one that tells whoever listens on a socket.</summary>
    /// <param name="socket">The value of NOTIFY_SOCKET: a path, or <c>@</c> and an abstract name; null for nobody.</param>
    /// <param name="watchdogPeriod">How long the manager waits for a sign of life; null when it asks for none.</param>
    public ServiceManager(string? socket, TimeSpan? watchdogPeriod = null)
    {
        _socket = socket;
        WatchdogPeriod = string.IsNullOrEmpty(socket) ? null : watchdogPeriod;
    }

    /// <summary>How long the manager waits for a sign of life before it starts the daemon anew; null when it asks for none.</summary>
    public TimeSpan? WatchdogPeriod { get; }

    /// <summary>
    /// Makes one as the environment says (sd_watchdog_enabled(3)), and takes the variables out of it: they are not for the
    /// programs that the daemon starts.
    /// </summary>
    public static ServiceManager FromEnvironment()
    {
        string? period = Take(WatchdogVariable);
        string? process = Take(WatchdogProcessVariable);
        bool meant = string.IsNullOrEmpty(process)
            || string.Equals(process, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return new ServiceManager(
            Take(SocketVariable),
            meant && long.TryParse(period, NumberStyles.None, CultureInfo.InvariantCulture, out long microseconds)
                && microseconds is > 0 and <= int.MaxValue * 1000L
                ? TimeSpan.FromMicroseconds(microseconds)
                : null);
    }

    /// <summary>The daemon serves.</summary>
    /// <param name="status">A word on how it is.</param>
    public void Ready(string status) => Send($"READY=1\nSTATUS={OneLine(status)}");

    /// <summary>The daemon reads its configuration anew; <see cref="Ready"/> says that it has.</summary>
    public void Reloading()
    {
        long microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        Send(string.Create(
            CultureInfo.InvariantCulture,
            $"RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading the configuration anew"));
    }

    /// <summary>The daemon lives.</summary>
    public void Alive() => Send("WATCHDOG=1");

    /// <summary>The daemon is about to end.</summary>
    /// <param name="status">Why.</param>
    public void Stopping(string status) => Send($"STOPPING=1\nSTATUS={OneLine(status)}");

    private static string? Take(string variable)
    {
        string? value = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, null);
        return value;
    }

    private static string OneLine(string status) => status.ReplaceLineEndings(" ");

    private void Send(string state)
    {
        if (string.IsNullOrEmpty(_socket))
        {
            return;
        }

        try
        {
            string path = _socket[0] == '@' ? '\0' + _socket[1..] : _socket;
            using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.UTF8.GetBytes(state));
        }
        catch (SocketException)
        {
            // Nobody listens there: then nobody waits for it.
        }
    }
}
