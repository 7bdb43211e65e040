using System.CommandLine;
using System.Security.Cryptography;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Containers.Settings;
using Gantry.Cli.Images;
using Gantry.Client;
using Gantry.Client.Containers;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Gantry.Oci.Runtime;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Containers;

/// <summary>Makes a container, as <c>gantry run</c> and <c>gantry create</c> are told to.</summary>
/// <remarks>
/// 1. Find the image, or pull it; at the same time make a lease, under which the snapshot is safe until the container's
///    record refers to it.
/// 2. Make the spec: what is wrong with the options is said before there is anything.
/// 3. Prepare the snapshot on top of the image's layers, and look the user up in it.
/// 4. Make the container's record. Whatever fails leaves nothing behind.
/// </remarks>
internal sealed class ContainerFactory(Session session, ParseResult parse, RunOptions options)
{
    private string Snapshotter => parse.GetValue(options.Filesystem.Snapshotter)!;

    /// <summary>Makes it.</summary>
    /// <returns>The container, and the end of the lease, to be awaited.</returns>
    public async Task<(NewContainer Container, Task Dropping)> MakeAsync()
    {
        string id = parse.GetValue(options.Record.Name)
            ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        Identifier.Validate(id);
        SpecOptions wanted = await options.ToSpecOptionsAsync(session, parse, id);

        // What is malformed is said before an image is pulled, which may bring the command.
        Spec(id, new ContainerDefaults(), wanted with { Args = ["true"] });

        // Step 1
        Task<Lease> leasing = SessionLease.CreateAsync(session);
        NewContainer container;
        try
        {
            ResolvedImage? image = await ImageAsync();
            container = await MakeAsync(id, image, wanted, leasing);
            await WriteIdAsync(container);
        }
        catch
        {
            await SessionLease.DropAsync(session, leasing);
            throw;
        }

        return (container, SessionLease.DropAsync(session, leasing));
    }

    private async Task<ResolvedImage?> ImageAsync() =>
        parse.GetValue(options.Filesystem.Rootfs) || parse.GetValue(options.Image) is not { } name
            ? null
            : await ImageLookup.FindOrPullAsync(session, name, options.Pull.ToRequest(parse, Snapshotter));

    private async Task<NewContainer> MakeAsync(
        string id,
        ResolvedImage? image,
        SpecOptions wanted,
        Task<Lease> leasing)
    {
        // Step 2
        ContainerDefaults defaults = image?.Config.Config ?? new ContainerDefaults();
        (RuntimeSpec spec, byte[]? exact) = Spec(id, defaults, wanted);
        ContainerRecord record = new(id)
        {
            Image = image?.Record.Name ?? "",
            Labels = options.Record.ToLabels(
                parse, defaults, options.Restart.Labels(parse, parse.GetValue(options.Output.LogUri))),
            RuntimeName = parse.GetValue(options.Runtime.Runtime)!,
            RuntimeOptions = options.Runtime.ToOptions(parse, parse.GetValue(options.Cgroup.Cgroup) is not null),
            Snapshotter = image is null ? "" : Snapshotter,
            SnapshotKey = image is null ? "" : id,
        };

        // Step 3
        NamespaceClient leased = session.Client.In(session.Namespace, (await leasing).Id);
        IReadOnlyList<Mount> mounts = image is null ? [] : await PrepareAsync(leased, image, id);
        try
        {
            byte[] bytes = exact ?? RuntimeSpecJson.ToBytes(WithUser(spec, defaults, mounts));

            // Step 4
            record = record with { Spec = new TypedBytes(RuntimeSpecJson.SpecTypeUrl, bytes) };
            return new NewContainer(await leased.Containers.CreateAsync(record, session.Token), mounts);
        }
        catch when (image is not null)
        {
            using CancellationTokenSource limit = Session.Cleanup();
            await ContainerCleanup.IgnoreAbsentAsync(leased.Snapshots(Snapshotter).RemoveAsync(id, limit.Token));
            throw;
        }
    }

    /// <summary>The spec, but for the user; or the one that the caller has, to be stored as it is.</summary>
    private (RuntimeSpec Spec, byte[]? Exact) Spec(string id, ContainerDefaults defaults, SpecOptions wanted)
    {
        if (parse.GetValue(options.Config) is { } file)
        {
            byte[] exact = SmallFile.Read("config", file);
            return (RuntimeSpecJson.ReadSpec(exact), exact);
        }

        RuntimeSpec spec = SpecBuilder.Build(
            session.Namespace.ToString(), id, defaults, new SpecUser(), wanted);
        return (parse.GetValue(options.Filesystem.Rootfs) ? spec.WithRootPath(RootDirectory()) : spec, null);
    }

    private string RootDirectory()
    {
        string path = Path.GetFullPath(parse.GetValue(options.Image)!);
        return Directory.Exists(path) ? path : throw new FormatException($"rootfs {path}: there is no such directory");
    }

    private RuntimeSpec WithUser(RuntimeSpec spec, ContainerDefaults defaults, IReadOnlyList<Mount> mounts)
    {
        UserDatabase users = RootfsUsers.Read(
            mounts.Count > 0 ? mounts : [new Mount("bind", spec.Root!.Path, ["rbind", "ro"])]);
        SpecUser user = users.Resolve(parse.GetValue(options.Process.User) ?? defaults.User);
        RuntimeSpec with = spec with { Process = spec.Process! with { User = user } };
        return with.WithAdditionalGroups([.. parse.GetValue(options.Process.Groups)!.Select(users.ResolveGroup)]);
    }

    private async Task<IReadOnlyList<Mount>> PrepareAsync(NamespaceClient leased, ResolvedImage image, string id)
    {
        ISnapshotter snapshots = leased.Snapshots(Snapshotter);
        Dictionary<string, string> labels =
            KeyValues.Parse("snapshot label", parse.GetValue(options.Filesystem.SnapshotterLabels)!);
        try
        {
            try
            {
                return await PrepareAsync(snapshots, image, id, labels);
            }
            catch (GantryException e) when (e.Kind is ErrorKind.NotFound && image.ChainId.ToString().Length > 0)
            {
                // The image is here but was not unpacked with this snapshotter.
                await new Unpacker(_ => leased.Differ).UnpackAsync(
                    leased,
                    image.Manifest,
                    image.Config,
                    Snapshotter,
                    layerReady: null,
                    progress: null,
                    session.Token);
                return await PrepareAsync(snapshots, image, id, labels);
            }
        }
        catch (GantryException e) when (e.Kind is ErrorKind.AlreadyExists)
        {
            throw new GantryException(ErrorKind.AlreadyExists, $"container \"{id}\"", e);
        }
    }

    private async Task<IReadOnlyList<Mount>> PrepareAsync(
        ISnapshotter snapshots,
        ResolvedImage image,
        string id,
        Dictionary<string, string> labels)
    {
        string parent = image.ChainId.ToString();
        if (options.Users.Ranges(parse) is { } ranges)
        {
            if (parse.GetValue(options.Users.RemapLabels)
                || await RemappedSnapshots.AreMountedAsync(session.Client, Snapshotter, session.Token))
            {
                foreach ((string key, string value) in RemappedSnapshots.Labels(ranges.Uids, ranges.Gids))
                {
                    labels[key] = value;
                }
            }
            else
            {
                parent = await RemappedSnapshots.ChangeOwnersAsync(
                    snapshots, parent, ranges.Uids, ranges.Gids, session.Token);
            }
        }

        return await snapshots.PrepareAsync(id, parent, labels, session.Token);
    }

    private async Task WriteIdAsync(NewContainer container)
    {
        try
        {
            await options.Record.WriteIdAsync(parse, container.Id, session.Token);
        }
        catch
        {
            await container.RemoveAsync(session.Scope);
            throw;
        }
    }
}
