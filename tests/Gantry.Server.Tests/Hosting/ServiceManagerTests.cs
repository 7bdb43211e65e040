using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Gantry.Server.Hosting;
using Gantry.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gantry.Server.Tests.Hosting;

public sealed class ServiceManagerTests
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task States_are_told_one_datagram_each()
    {
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["notify"]);
        ServiceManager manager = new(directory["notify"]);

        manager.Ready("serving\non a socket");
        manager.Alive();
        manager.Stopping("stopping");

        Assert.Equal("READY=1\nSTATUS=serving on a socket", await socket.ReceiveAsync());
        Assert.Equal("WATCHDOG=1", await socket.ReceiveAsync());
        Assert.Equal("STOPPING=1\nSTATUS=stopping", await socket.ReceiveAsync());
    }

    [Fact]
    public async Task A_reload_is_told_with_the_time_of_the_monotonic_clock()
    {
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["notify"]);

        new ServiceManager(directory["notify"]).Reloading();

        string[] lines = (await socket.ReceiveAsync()).Split('\n');
        Assert.Equal("RELOADING=1", lines[0]);
        long told = long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture);
        double seconds = double.Parse(
            (await File.ReadAllTextAsync("/proc/uptime", TestContext.Current.CancellationToken)).Split(' ')[0],
            CultureInfo.InvariantCulture);
        Assert.InRange(told / 1e6, 1, seconds + 1);
        Assert.True(told / 1e6 > Stopwatch.GetTimestamp() / 1e9 - 60);
    }

    [Fact]
    public async Task An_abstract_socket_is_told_too()
    {
        string name = $"gantry-test-{Environment.ProcessId}";
        using DatagramSocket socket = new('\0' + name);

        new ServiceManager('@' + name).Alive();

        Assert.Equal("WATCHDOG=1", await socket.ReceiveAsync());
    }

    [Fact]
    public void Nobody_who_listens_is_no_error()
    {
        using TempDirectory directory = new();

        new ServiceManager(directory["nobody"]).Alive();
        new ServiceManager(null).Alive();
        Assert.Null(new ServiceManager(null, Period).WatchdogPeriod);
    }

    [Fact]
    public async Task A_daemon_that_answers_lives()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using DaemonHarness daemon = await DaemonHarness.StartAsync(token);
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["notify"]);
        ServiceManager manager = new(directory["notify"], TimeSpan.FromMilliseconds(300));

        await using Watchdog watchdog = Watchdog.Start(manager, daemon.Address, TimeProvider.System, NullLogger.Instance)!;

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("WATCHDOG=1", await socket.ReceiveAsync());
        }
    }

    [Fact]
    public async Task A_daemon_that_takes_connections_and_says_nothing_is_not_said_to_live()
    {
        using TempDirectory directory = new();
        using DatagramSocket socket = new(directory["notify"]);
        using Socket silent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(directory["api"]));
        silent.Listen();
        Warnings warnings = new(2);

        await using (Watchdog.Start(
            new ServiceManager(directory["notify"], TimeSpan.FromMilliseconds(300)), directory["api"], TimeProvider.System, warnings)!)
        {
            await warnings.Enough.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }

        Assert.True(socket.IsEmpty);
    }

    [Fact]
    public void Nothing_is_started_where_nobody_asks_for_signs_of_life()
    {
        Assert.Null(Watchdog.Start(new ServiceManager("/nowhere"), "/nowhere", TimeProvider.System, NullLogger.Instance));
    }

    private sealed class Warnings(int enough) : ILogger
    {
        private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = enough;

        public Task Enough => _enough.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel is LogLevel.Warning && Interlocked.Decrement(ref _left) == 0)
            {
                _enough.SetResult();
            }
        }
    }
}
