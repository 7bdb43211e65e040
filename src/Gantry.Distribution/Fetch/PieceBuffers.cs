namespace Gantry.Distribution.Fetch;

/// <summary>The memory of pieces that were fetched ahead: few buffers, for all blobs together, which are used again.</summary>
/// <param name="count">How many there are at most.</param>
/// <param name="size">Bytes of one.</param>
internal sealed class PieceBuffers(int count, int size)
{
    // Guards _free and _left.
    private readonly Lock _gate = new();
    private readonly Stack<byte[]> _free = new();
    private int _left = count;

    /// <summary>A buffer; null when all are in use.</summary>
    public byte[]? TryTake()
    {
        lock (_gate)
        {
            if (_free.TryPop(out byte[]? buffer))
            {
                return buffer;
            }

            if (_left == 0)
            {
                return null;
            }

            _left--;
        }

        return new byte[size];
    }

    /// <summary>Takes a buffer back, which nobody may use any more.</summary>
    /// <param name="buffer">The buffer.</param>
    public void Return(byte[] buffer)
    {
        lock (_gate)
        {
            _free.Push(buffer);
        }
    }
}
