using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Gantry.Daemon;

/// <summary>Signals that ask a running daemon for something: SIGHUP to read its configuration again, SIGUSR1 for a report.</summary>
internal sealed class SignalRequests : IDisposable
{
    private const int SIGUSR1 = 10;

    // Of several of a kind that come before one is done, one is enough.
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    private readonly PosixSignalRegistration _onReload;
    private readonly PosixSignalRegistration _onReport;
    private int _reload;
    private int _report;

    /// <summary>Begins to take them; what comes before <see cref="RunAsync"/> is kept.</summary>
    public SignalRequests()
    {
        _onReload = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => Keep(context, ref _reload));
        _onReport = PosixSignalRegistration.Create((PosixSignal)SIGUSR1, context => Keep(context, ref _report));
    }

    /// <summary>Does what is asked for, until the token ends it. What fails is told, and the next request is heard all the same.</summary>
    /// <param name="reload">Reads the configuration again.</param>
    /// <param name="report">Reports.</param>
    /// <param name="failed">Is told why one of them failed.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action reload, Action report, Action<Exception> failed, CancellationToken cancellationToken)
    {
        while (await _wake.Reader.WaitToReadAsync(cancellationToken))
        {
            _wake.Reader.TryRead(out _);
            Do(ref _reload, reload, failed);
            Do(ref _report, report, failed);
        }
    }

    /// <summary>Leaves them to the system again.</summary>
    public void Dispose()
    {
        _onReload.Dispose();
        _onReport.Dispose();
    }

    [SuppressMessage("Design", "CA1031", Justification = "the boundary of a request: it is told, and the next is heard")]
    private static void Do(ref int asked, Action action, Action<Exception> failed)
    {
        if (Interlocked.Exchange(ref asked, 0) == 0)
        {
            return;
        }

        try
        {
            action();
        }
        catch (Exception exception)
        {
            failed(exception);
        }
    }

    private void Keep(PosixSignalContext context, ref int asked)
    {
        context.Cancel = true;
        Interlocked.Exchange(ref asked, 1);
        _wake.Writer.TryWrite(true);
    }
}
