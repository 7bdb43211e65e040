using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Gantry.Daemon;

/// <summary>Signals that ask a running daemon for something: SIGHUP to read its configuration again, SIGUSR1 for a report.</summary>
internal sealed class SignalRequests : IDisposable
{
    private const int SIGUSR1 = 10;

    // Of several of a kind that come before one is done, one is enough.
    private readonly Channel<PosixSignal> _requests = Channel.CreateBounded<PosixSignal>(
        new BoundedChannelOptions(2) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly PosixSignalRegistration _reload;
    private readonly PosixSignalRegistration _report;

    /// <summary>Begins to take them; what comes before <see cref="RunAsync"/> is kept.</summary>
    public SignalRequests()
    {
        _reload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Keep);
        _report = PosixSignalRegistration.Create((PosixSignal)SIGUSR1, Keep);
    }

    /// <summary>Does what is asked for, until the token ends it.</summary>
    /// <param name="reload">Reads the configuration again.</param>
    /// <param name="report">Reports.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action reload, Action report, CancellationToken cancellationToken)
    {
        while (await _requests.Reader.WaitToReadAsync(cancellationToken))
        {
            while (_requests.Reader.TryRead(out PosixSignal signal))
            {
                (signal is PosixSignal.SIGHUP ? reload : report)();
            }
        }
    }

    /// <summary>Leaves them to the system again.</summary>
    public void Dispose()
    {
        _reload.Dispose();
        _report.Dispose();
    }

    private void Keep(PosixSignalContext context)
    {
        context.Cancel = true;
        _requests.Writer.TryWrite(context.Signal);
    }
}
