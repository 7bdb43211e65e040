using Gantry.Core.Errors;

namespace Gantry.Distribution.Http;

/// <summary>Reads whole bodies, up to a limit.</summary>
internal static class BoundedBody
{
    /// <summary>At most so many bytes from the start of a body; what follows is not read.</summary>
    public static async Task<byte[]> ReadStartAsync(
        HttpResponseMessage response,
        int limit,
        RegistryOptions options,
        CancellationToken cancellationToken)
    {
        using CancellationTokenSource silence = new(options.IdleTimeout, options.Time);
        using CancellationTokenSource either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
        try
        {
            await using Stream stream = await response.Content.ReadAsStreamAsync(either.Token);
            using MemoryStream kept = new();
            byte[] buffer = new byte[Math.Min(limit, 64 * 1024)];
            while (kept.Length < limit)
            {
                int wanted = (int)Math.Min(buffer.Length, limit - kept.Length);
                int read = await stream.ReadAsync(buffer.AsMemory(0, wanted), either.Token);
                if (read == 0)
                {
                    break;
                }

                kept.Write(buffer, 0, read);
            }

            return kept.ToArray();
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException("the body did not come in time", e);
        }
    }

    /// <summary>A whole body.</summary>
    /// <exception cref="GantryException">InvalidArgument: it is larger than the limit.</exception>
    public static async Task<byte[]> ReadAllAsync(
        HttpResponseMessage response,
        int limit,
        RegistryOptions options,
        CancellationToken cancellationToken)
    {
        byte[] data = await ReadStartAsync(response, limit + 1, options, cancellationToken);
        return data.Length <= limit
            ? data
            : throw new GantryException(
                ErrorKind.InvalidArgument,
                $"{RegistryHttp.Shown(response.RequestMessage!.RequestUri!)}: body greater than the limit of {limit} bytes");
    }
}
