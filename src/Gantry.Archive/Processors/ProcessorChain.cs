using Gantry.Archive.Compression;
using Gantry.Core;
using Gantry.Core.Errors;

namespace Gantry.Archive.Processors;

/// <summary>The programs, each reading what the one before has written, that make a tar of a layer; mostly none.</summary>
internal sealed class ProcessorChain : IAsyncDisposable
{
    /// <summary>A layer that needs more programs than this would go round in circles.</summary>
    private const int MaxLength = 16;

    private readonly List<ProcessorRun> _runs = [];

    private ProcessorChain(Stream layer, string mediaType)
    {
        Output = layer;
        MediaType = mediaType;
    }

    /// <summary>What comes out at the end; the layer itself when there are no programs.</summary>
    internal Stream Output { get; private set; }

    /// <summary>The media type of that: one that can be unpacked.</summary>
    internal string MediaType { get; private set; }

    /// <summary>Starts the programs that a layer needs.</summary>
    /// <param name="layer">The layer; it stays the caller's, who no longer reads it when there are programs.</param>
    /// <param name="mediaType">Its media type.</param>
    /// <param name="processors">All there are; they come before what is built in.</param>
    /// <param name="payloads">What the client has for them, by id.</param>
    /// <param name="cancellationToken">Kills them.</param>
    /// <exception cref="GantryException">NotImplemented: no program takes the media type.</exception>
    internal static async Task<ProcessorChain> StartAsync(
        Stream layer,
        string mediaType,
        IReadOnlyList<StreamProcessor> processors,
        IReadOnlyDictionary<string, TypedBytes> payloads,
        CancellationToken cancellationToken)
    {
        ProcessorChain chain = new(layer, mediaType);
        try
        {
            while (Find(processors, chain.MediaType) is { } processor)
            {
                chain.Add(processor, payloads.GetValueOrDefault(processor.Id), cancellationToken);
                if (processor.Returns == LayerMediaTypes.Tar)
                {
                    break;
                }
            }

            LayerMediaTypes.Require(chain.MediaType);
            return chain;
        }
        catch
        {
            await chain.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for the ends of the programs.</summary>
    /// <exception cref="GantryException">One has failed, or what it was given was not what it should be.</exception>
    internal async Task FinishAsync()
    {
        foreach (ProcessorRun run in _runs)
        {
            await run.FinishAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (ProcessorRun run in _runs)
        {
            await run.DisposeAsync();
        }
    }

    private static StreamProcessor? Find(IReadOnlyList<StreamProcessor> processors, string mediaType) =>
        processors.LastOrDefault(processor => processor.Accepts.Contains(mediaType, StringComparer.Ordinal));

    private void Add(StreamProcessor processor, TypedBytes? payload, CancellationToken cancellationToken)
    {
        if (_runs.Count >= MaxLength)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"stream processors: more than {MaxLength} in a row, the last {processor.Id}");
        }

        ProcessorRun run = ProcessorRun.Start(processor, MediaType, payload, Output, cancellationToken);
        _runs.Add(run);
        Output = run.Output;
        MediaType = processor.Returns;
    }
}
