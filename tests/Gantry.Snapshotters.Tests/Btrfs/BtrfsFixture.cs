using Gantry.Testing;

namespace Gantry.Snapshotters.Tests.Btrfs;

/// <summary>A filesystem of type btrfs, made when the first test asks for it.</summary>
public sealed class BtrfsFixture : IAsyncDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private LoopFilesystem? _filesystem;

    public async Task<LoopFilesystem> GetAsync()
    {
        await _gate.WaitAsync();
        try
        {
            return _filesystem ??= await LoopFilesystem.CreateAsync("btrfs", 1L << 30);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _gate.Dispose();
        if (_filesystem is not null)
        {
            await _filesystem.DisposeAsync();
        }
    }
}
