using Gantry.Api.Mapping;
using Gantry.Api.Types.Transfer;
using Gantry.Core.Diff;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Metadata;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Server.Streams;
using Gantry.Transfer.Export;
using Gantry.Transfer.Images;
using Gantry.Transfer.Import;
using Gantry.Transfer.Pull;
using Gantry.Transfer.Push;
using Gantry.Transfer.Unpack;
using Microsoft.Extensions.Logging;

namespace Gantry.Server.Transfers;

/// <summary>
/// Moves images between a registry, the image store and archives on a client's behalf: what clients do in their own process
/// otherwise, with the same code.
/// </summary>
internal sealed class ImageTransfers
{
    private const string DefaultSnapshotter = "overlayfs";

    private readonly IMetadata _metadata;
    private readonly Func<TransferOptions> _options;
    private readonly StreamTable _streams;
    private readonly Func<string, bool> _isRemote;
    private readonly Unpacker _unpacker;
    private readonly ImageVerifiers _verifiers;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _time;

    /// <summary>Makes the transfers of a daemon.</summary>
    /// <param name="metadata">Everything durable; changes are told.</param>
    /// <param name="differ">Makes the differ of a scope.</param>
    /// <param name="streams">The clients' streams.</param>
    /// <param name="options">How images are transferred, which may change.</param>
    /// <param name="isRemote">Whether a snapshotter wants to be told where layers are.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Where it is logged.</param>
    public ImageTransfers(
        IMetadata metadata,
        Func<INamespaceScope, IDiffer> differ,
        StreamTable streams,
        Func<TransferOptions> options,
        Func<string, bool> isRemote,
        TimeProvider time,
        ILoggerFactory loggers)
    {
        _metadata = metadata;
        _options = options;
        _streams = streams;
        _isRemote = isRemote;
        _loggers = loggers;
        _time = time;
        _unpacker = new Unpacker(differ, time, loggers.CreateLogger<Unpacker>());
        _verifiers = new ImageVerifiers(options().Verifiers, time, loggers.CreateLogger<ImageVerifiers>());
    }

    /// <summary>Pulls an image.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="source">Where from.</param>
    /// <param name="store">What to keep of it, under which names.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Ends the pull.</param>
    public async Task PullAsync(
        TransferCaller caller,
        OCIRegistry source,
        ImageStore store,
        TransferProgress progress,
        CancellationToken cancellationToken)
    {
        Reference reference = Parse(source.Reference);
        ImageNames names = new(store);
        _ = names.Of(reference.Digest);
        progress.Say(PullWords.AsksFor(Describe(source)));
        await using RegistryAccess registry = Open(caller, source, progress, cancellationToken);
        ImagePuller puller = new(
            registry.Client, Scopes(caller), _unpacker, _time, _loggers.CreateLogger<ImagePuller>());
        PartProgress parts = new(reference.ToString(), progress, _time);
        PullRequest request = new(reference)
        {
            Name = digest => names.Of(digest)[0],
            Platform = Wanted(store),
            AllPlatforms = store.ManifestLimit == 0,
            Unpacks = Unpacks(store, anyPlatform: null),
            MaxConcurrentDownloads = _options().MaxConcurrentDownloads,
            Labels = store.Labels.ToRecord(),
            Verify = async (target, token) =>
            {
                await _verifiers.CheckAsync(reference.ToString(), target, token);
                progress.Say($"Pulling from {Describe(source)}");
                progress.Say(PullWords.Resolved, reference.ToString(), target);
            },
        };
        PullResult result = await puller.PullAsync(request, parts, cancellationToken);
        await SaveAsync(caller, result.Image, names.Of(result.Image.Target.Digest), progress, cancellationToken);
        progress.Say($"Completed pull from {Describe(source)}");
    }

    /// <summary>Pushes an image.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="store">Which image.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Ends the push.</param>
    public async Task PushAsync(
        TransferCaller caller,
        ImageStore store,
        OCIRegistry destination,
        TransferProgress progress,
        CancellationToken cancellationToken)
    {
        Reference target = Parse(destination.Reference);
        INamespaceScope scope = Scopes(caller)(null);
        ImageRecord image = await scope.Images.GetAsync(store.Name, cancellationToken);
        progress.Say($"Pushing to {Describe(destination)}");
        progress.Say("pushing content", image.Name, image.Target);
        await using RegistryAccess registry = Open(caller, destination, progress, cancellationToken);
        ImagePusher pusher = new(registry.Client, scope, _loggers.CreateLogger<ImagePusher>());
        PushRequest request = new(image.Name, target)
        {
            Platform = store.Platforms.Count > 0 ? Wanted(store) : null,
            MaxConcurrentUploads = _options().MaxConcurrentUploads,
        };
        await pusher.PushAsync(request, new PartProgress(image.Name, progress, _time), cancellationToken);
        progress.Say("pushed content", image.Name, image.Target);
        progress.Say($"Completed push to {Describe(destination)}");
    }

    /// <summary>Takes images out of an archive that the client sends.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="source">The archive.</param>
    /// <param name="store">What to keep of it, under which names.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Ends the import.</param>
    public async Task ImportAsync(
        TransferCaller caller,
        ImageImportStream source,
        ImageStore store,
        TransferProgress progress,
        CancellationToken cancellationToken)
    {
        ImageNames names = new(store);
        progress.Say("Importing");
        ClientStream stream = _streams.Get(caller.NamespaceName, source.Stream);
        try
        {
            await using IncomingBytes archive = new(stream);
            ImageImporter importer = new(Scopes(caller), _unpacker, _time, _loggers.CreateLogger<ImageImporter>());
            ImportRequest request = new()
            {
                IndexName = store.Name.Length > 0 ? store.Name : null,
                Names = names.OfImported,
                Labels = store.Labels.ToRecord(),
                Unpacks = Unpacks(store, anyPlatform: Wanted(store)),
                Compress = source.ForceCompress,
            };
            foreach (ImportResult result in await importer.ImportAsync(request, archive, cancellationToken))
            {
                progress.Say(PullWords.Saved, result.Image.Name, result.Image.Target);
            }
        }
        finally
        {
            stream.Close();
        }

        progress.Say("Completed import");
    }

    /// <summary>Writes images into an archive that the client gets.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="store">Which images.</param>
    /// <param name="destination">The archive.</param>
    /// <param name="progress">Is told.</param>
    /// <param name="cancellationToken">Ends the export.</param>
    public async Task ExportAsync(
        TransferCaller caller,
        ImageStore store,
        ImageExportStream destination,
        TransferProgress progress,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<string> images = await new ImageNames(store).ToExportAsync(
            Scopes(caller)(null).Images, cancellationToken);
        progress.Say("Exporting");
        ClientStream stream = _streams.Get(caller.NamespaceName, destination.Stream);
        try
        {
            await using OutgoingBytes archive = new(stream);
            ExportRequest request = new(images)
            {
                AllPlatforms = destination.AllPlatforms,
                Platform = destination.Platforms.Count > 0 ? Any(destination.Platforms) : PlatformMatcher.Default,
                ForDocker = !destination.SkipCompatibilityManifest,
            };
            await new ImageExporter(Scopes(caller)(null)).ExportAsync(request, archive, cancellationToken);
        }
        finally
        {
            stream.Close();
        }

        progress.Say("Completed export");
    }

    /// <summary>Gives an image more names.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="source">Which image.</param>
    /// <param name="destination">The names.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task TagAsync(
        TransferCaller caller, ImageStore source, ImageStore destination, CancellationToken cancellationToken)
    {
        IImageStore images = Scopes(caller)(null).Images;
        ImageRecord image = await images.GetAsync(source.Name, cancellationToken);
        foreach (string name in new ImageNames(destination).Of(image.Target.Digest))
        {
            ImageRecord record = new(name, image.Target, destination.Labels.ToRecord());
            await ImageRecords.SetAsync(images, record, cancellationToken);
        }
    }

    /// <summary>Sends back what the client sends.</summary>
    /// <param name="caller">On whose behalf.</param>
    /// <param name="source">What comes.</param>
    /// <param name="destination">Where it goes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task EchoAsync(
        TransferCaller caller,
        ImageImportStream source,
        ImageExportStream destination,
        CancellationToken cancellationToken)
    {
        ClientStream from = _streams.Get(caller.NamespaceName, source.Stream);
        ClientStream to = _streams.Get(caller.NamespaceName, destination.Stream);
        try
        {
            await using IncomingBytes input = new(from);
            await using OutgoingBytes output = new(to);
            await input.CopyToAsync(output, cancellationToken);
        }
        finally
        {
            from.Close();
            to.Close();
        }
    }

    private static string Describe(OCIRegistry registry) => $"OCI Registry ({registry.Reference})";

    private static Reference Parse(string text) => Reference.TryParse(text, out Reference? reference, out string error)
        ? reference!
        : throw new GantryException(ErrorKind.InvalidArgument, $"reference \"{text}\": {error}");

    private static PlatformMatcher Any(IEnumerable<Api.Types.Platform> platforms) =>
        PlatformMatcher.Any(platforms.Select(platform => platform.ToRecord()));

    // No platform is every platform.
    private static PlatformMatcher Wanted(ImageStore store) =>
        store.Platforms.Count > 0 ? Any(store.Platforms) : PlatformMatcher.All;

    // One directory, or several with a colon between them.
    private IReadOnlyList<string> HostsDirectories(string text) =>
        text.Length == 0 ? _options().HostsDirectories
        : Directory.Exists(text) ? [text]
        : text.Split(':', StringSplitOptions.RemoveEmptyEntries);

    // What is made goes under the caller's lease, if it has one.
    private Func<string?, INamespaceScope> Scopes(TransferCaller caller) =>
        lease => _metadata.In(caller.Namespace, caller.Lease ?? lease);

    private async Task SaveAsync(
        TransferCaller caller,
        ImageRecord image,
        IReadOnlyList<string> names,
        TransferProgress progress,
        CancellationToken cancellationToken)
    {
        IImageStore images = Scopes(caller)(null).Images;
        foreach (string name in names)
        {
            if (name != image.Name)
            {
                await ImageRecords.SetAsync(images, image with { Name = name }, cancellationToken);
            }

            progress.Say(PullWords.Saved, name, image.Target);
        }
    }

    private UnpackTarget[] Unpacks(ImageStore store, PlatformMatcher? anyPlatform) =>
    [
        .. store.Unpacks.Select(unpack =>
        {
            string snapshotter = unpack.Snapshotter.Length > 0 ? unpack.Snapshotter : DefaultSnapshotter;
            return new UnpackTarget(snapshotter)
            {
                Platform = unpack.Platform is { } platform ? PlatformMatcher.Only(platform.ToRecord()) : anyPlatform,
                IsRemote = _isRemote(snapshotter),
            };
        }),
    ];

    private RegistryAccess Open(
        TransferCaller caller, OCIRegistry registry, TransferProgress progress, CancellationToken cancellationToken)
    {
        RegistryResolver resolver = registry.Resolver ?? new RegistryResolver();
        StreamCredentials? credentials = resolver.AuthStream.Length > 0
            ? new StreamCredentials(_streams.Get(caller.NamespaceName, resolver.AuthStream), registry.Reference, _time)
            : null;
        ILogger logger = _loggers.CreateLogger<RegistryClient>();
        ClientLog? clientLog = resolver.LogsStream.Length > 0 && resolver.HttpDebug != HTTPDebug.Disabled
            ? new ClientLog(logger, _streams.Get(caller.NamespaceName, resolver.LogsStream), cancellationToken)
            : null;
        RegistryOptions options = new()
        {
            PlainHttp = resolver.DefaultScheme == "http",
            HostsDirectories = HostsDirectories(resolver.HostDir),
            Headers = resolver.Headers.ToRecord(),
            Credentials = credentials,
            Warned = warning =>
            {
                logger.Warned(warning.Host, warning.Text);
                progress.Say(PullWords.Warning(warning.Host, warning.Text));
            },
            Time = _time,
        };
        return new RegistryAccess(options, credentials, clientLog, logger);
    }
}
