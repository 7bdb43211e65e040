using Gantry.Core.Errors;
using Gantry.Runtime.Bundles;
using Gantry.Runtime.Shims;

namespace Gantry.Runtime.Sandboxes;

/// <summary>A sandbox as the daemon holds it: a bundle, a shim, and a connection to it.</summary>
internal sealed class ManagedSandbox(Bundle bundle) : IDisposable
{
    private readonly TaskCompletionSource _known = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SandboxEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Shim? _shim;

    public Bundle Bundle => bundle;

    /// <summary>Held while the sandbox is made, removed, or cleaned up after; not while it is used.</summary>
    public SemaphoreSlim Lifecycle { get; } = new(1, 1);

    /// <summary>The program of its shim; null when it is not known.</summary>
    public ShimProgram? Program { get; set; }

    /// <summary>How its shim is reached.</summary>
    public BootstrapResult? Bootstrap { get; set; }

    /// <summary>The copy of its shim's log.</summary>
    public ShimLog? Log { get; set; }

    /// <summary>The loop that waits for its end, and for its shim to be lost.</summary>
    public Task Watch { get; set; } = Task.CompletedTask;

    /// <summary>Whether it was removed.</summary>
    public bool IsGone { get; set; }

    /// <summary>Completes when it is known whether its shim lives.</summary>
    public Task Known => _known.Task;

    /// <summary>Completes when it was started.</summary>
    public Task Started => _started.Task;

    /// <summary>How it ended, once it has.</summary>
    public Task<SandboxEnd> Ended => _ended.Task;

    /// <summary>Its connection; null when there is none.</summary>
    public Shim? Connection => _shim;

    /// <summary>Its connection.</summary>
    /// <exception cref="GantryException">Unavailable: its shim does not answer.</exception>
    public Shim Shim => _shim
        ?? throw new GantryException(ErrorKind.Unavailable, $"sandbox {bundle.Id}: shim does not answer");

    public void Attach(Shim? shim)
    {
        _shim = shim;
        _known.TrySetResult();
    }

    public void NoteStart() => _started.TrySetResult();

    /// <summary>It has ended.</summary>
    /// <returns>Whether that is news.</returns>
    public bool NoteEnd(SandboxEnd end) => _ended.TrySetResult(end);

    public void Dispose() => Lifecycle.Dispose();
}
