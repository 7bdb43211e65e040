using System.CommandLine;
using System.Globalization;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Client;
using Gantry.Client.Containers;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Mounts;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Containers;

/// <summary>A container that has just been made and has no task yet.</summary>
/// <param name="Record">Its record.</param>
/// <param name="Mounts">The mounts of its root filesystem.</param>
internal sealed record NewContainer(ContainerRecord Record, IReadOnlyList<Mount> Mounts)
{
    public string Id => Record.Id;

    /// <summary>Makes snapshot and record. When it fails, neither is left.</summary>
    public static async Task<NewContainer> CreateAsync(
        Session session,
        ParseResult parse,
        RunOptions options,
        ResolvedImage image,
        string id,
        string leaseId,
        SpecOptions specOptions)
    {
        string snapshotter = parse.GetValue(options.Filesystem.Snapshotter)!;
        NamespaceClient leased = session.Client.In(session.Namespace, leaseId);
        IReadOnlyList<Mount> mounts = await PrepareAsync(leased, image, id, snapshotter, session.Token);
        try
        {
            ContainerDefaults defaults = image.Config.Config;
            SpecUser user = RootfsUsers.Read(mounts).Resolve(parse.GetValue(options.Process.User) ?? defaults.User);
            RuntimeSpec spec = SpecBuilder.Build(session.Namespace.ToString(), id, defaults, user, specOptions);
            ContainerRecord record = new(id)
            {
                Image = image.Record.Name,
                Labels = LabelsOf(
                    defaults,
                    options.Restart.Labels(parse, parse.GetValue(options.Output.LogUri)),
                    parse.GetValue(options.Record.Labels) ?? []),
                RuntimeName = parse.GetValue(options.Runtime.Runtime)!,
                RuntimeOptions = options.Runtime.ToOptions(parse),
                Spec = new TypedBytes(RuntimeSpecJson.SpecTypeUrl, RuntimeSpecJson.ToBytes(spec)),
                Snapshotter = snapshotter,
                SnapshotKey = id,
            };
            return new NewContainer(await leased.Containers.CreateAsync(record, session.Token), mounts);
        }
        catch
        {
            using CancellationTokenSource limit = Session.Cleanup();
            await ContainerCleanup.IgnoreAbsentAsync(leased.Snapshots(snapshotter).RemoveAsync(id, limit.Token));
            throw;
        }
    }

    /// <summary>Removes it after a failure, whatever there is of a task.</summary>
    public async Task RemoveAsync(NamespaceClient scope)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveAsync(scope, Record, hasTask: true, force: true, limit.Token);
    }

    /// <summary>Removes it after its process has ended.</summary>
    public async Task RemoveEndedAsync(NamespaceClient scope)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveAsync(scope, Record, hasTask: true, force: false, limit.Token);
    }

    /// <summary>Removes its task after the process has ended; the record keeps how it ended.</summary>
    public async Task KeepEndedAsync(NamespaceClient scope, int status)
    {
        using CancellationTokenSource limit = Session.Cleanup();
        await ContainerCleanup.RemoveTaskAsync(scope, Id, force: false, limit.Token);
        Dictionary<string, string> labels = new(StringComparer.Ordinal)
        {
            [ContainerLabels.ExitStatus] = status.ToString(CultureInfo.InvariantCulture),
        };
        await scope.Containers.UpdateAsync(
            new ContainerRecord(Id) { Labels = labels },
            new FieldMask(["labels." + ContainerLabels.ExitStatus]),
            limit.Token);
    }

    private static async Task<IReadOnlyList<Mount>> PrepareAsync(
        NamespaceClient leased,
        ResolvedImage image,
        string id,
        string snapshotter,
        CancellationToken cancellationToken)
    {
        ISnapshotter snapshots = leased.Snapshots(snapshotter);
        string parent = image.ChainId.ToString();
        Dictionary<string, string> labels = [];
        try
        {
            try
            {
                return await snapshots.PrepareAsync(id, parent, labels, cancellationToken);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound && parent.Length > 0)
            {
                // The image is here but was not unpacked with this snapshotter.
                await new Unpacker(_ => leased.Differ).UnpackAsync(
                    leased,
                    image.Manifest,
                    image.Config,
                    snapshotter,
                    layerReady: null,
                    progress: null,
                    cancellationToken);
                return await snapshots.PrepareAsync(id, parent, labels, cancellationToken);
            }
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"container \"{id}\"", e);
        }
    }

    private static Dictionary<string, string> LabelsOf(
        ContainerDefaults image, IEnumerable<KeyValuePair<string, string>> own, string[] given)
    {
        Dictionary<string, string> labels = new(image.Labels, StringComparer.Ordinal)
        {
            [ContainerLabels.StopSignal] = image.StopSignal.Length > 0 ? image.StopSignal : "SIGTERM",
        };
        foreach ((string key, string value) in own)
        {
            labels[key] = value;
        }

        foreach (string label in given)
        {
            int equals = label.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0)
            {
                throw new FormatException($"label \"{label}\": no key");
            }

            labels[equals < 0 ? label : label[..equals]] = equals < 0 ? "" : label[(equals + 1)..];
        }

        return labels;
    }
}
