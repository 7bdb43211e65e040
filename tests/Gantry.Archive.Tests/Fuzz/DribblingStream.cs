namespace Gantry.Archive.Tests.Fuzz;

/// <summary>A stream that never gives more than a few bytes at once.</summary>
internal sealed class DribblingStream(byte[] data, int most) : MemoryStream(data)
{
    public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(most, buffer.Length)]);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
}
