using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Oci.Image;
using Xunit;

namespace Gantry.Server.Tests;

public sealed class FirstDifferTests
{
    private static readonly Descriptor Layer = new(MediaTypes.OciLayer, Digest.OfBytes("layer"u8), 5);

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, true)]
    public async Task A_layer_is_synced_when_the_client_or_the_configuration_wants_it(bool configured, bool asked, bool synced)
    {
        RecordingDiffer differ = new();

        await new FirstDiffer([differ], configured).ApplyAsync(
            Layer, [], new UnpackOptions { SyncFilesystem = asked }, TestContext.Current.CancellationToken);

        Assert.Equal(synced, differ.Applied!.SyncFilesystem);
    }

    [Fact]
    public async Task The_next_is_asked_when_one_does_not_know_how()
    {
        RecordingDiffer first = new() { Fails = ErrorKind.NotImplemented };
        RecordingDiffer second = new();

        await new FirstDiffer([first, second], syncLayers: false).ApplyAsync(
            Layer, [], new UnpackOptions(), TestContext.Current.CancellationToken);

        Assert.NotNull(first.Applied);
        Assert.NotNull(second.Applied);
    }

    private sealed class RecordingDiffer : IDiffer
    {
        public ErrorKind? Fails { get; init; }

        public UnpackOptions? Applied { get; private set; }

        public Task<Descriptor> ApplyAsync(
            Descriptor layer,
            IReadOnlyList<Mount> mounts,
            UnpackOptions options,
            CancellationToken cancellationToken)
        {
            Applied = options;
            return Fails is { } kind
                ? Task.FromException<Descriptor>(new GantryException(kind, "apply"))
                : Task.FromResult(layer);
        }

        public Task<Descriptor> CompareAsync(
            IReadOnlyList<Mount> lower,
            IReadOnlyList<Mount> upper,
            DiffOptions options,
            CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
