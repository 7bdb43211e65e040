using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Namespaces;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Containers;

/// <inheritdoc cref="IContainerStore"/>
internal sealed class ContainerStore(ScopeContext scope) : IContainerStore
{
    private static readonly string[] MutableFields = ["labels", "spec", "extensions", "image", "snapshotkey"];

    /// <inheritdoc/>
    public Task<ContainerRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.Read(connection => Find(connection, id)
            ?? throw new GantryException(
                ErrorKind.NotFound,
                $"container \"{id}\" in namespace \"{scope.Namespace}\"")));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = StoreFilter.Parse(filters);
        return Task.FromResult(scope.Database.Read<IReadOnlyList<ContainerRecord>>(connection =>
        {
            using Statement select =
                connection.Use($"SELECT {ContainerTable.Columns} FROM container WHERE namespace = ? ORDER BY id");
            return select.Bind(scope.Namespace)
                .ReadAll(ContainerTable.ReadRow, container => filter.Matches(new ContainerFields(container)));
        }));
    }

    /// <inheritdoc/>
    public Task<ContainerRecord> CreateAsync(ContainerRecord container, CancellationToken cancellationToken)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        ContainerRecord made = Checked(container, "create container failed validation") with
        {
            CreatedAt = now,
            UpdatedAt = now,
        };
        return scope.Database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, scope.Namespace);
                return ContainerTable.Insert(writer, scope.Namespace, made)
                    ? made
                    : throw new GantryException(ErrorKind.AlreadyExists, $"container \"{made.Id}\"");
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ContainerRecord> UpdateAsync(
        ContainerRecord container,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(container.Id))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "must specify a container id");
        }

        DateTimeOffset now = scope.Time.GetUtcNow();
        return scope.Database.WriteAsync(
            writer =>
            {
                ContainerRecord old = Find(writer.Connection, container.Id)
                    ?? throw new GantryException(ErrorKind.NotFound, $"container \"{container.Id}\"");
                ContainerRecord changed = Checked(Apply(old, container, mask), "update failed validation") with
                {
                    UpdatedAt = now,
                };
                using (Statement update = writer.Use(
                    """
                    UPDATE container SET image = ?, spec_type = ?, spec = ?, snapshot_key = ?, extensions = ?,
                        labels = ?, updated_at = ?
                    WHERE namespace = ? AND id = ?
                    """))
                {
                    update.Bind(changed.Image).Bind(changed.Spec)
                        .Bind(changed.SnapshotKey).Bind(ExtensionCodec.Encode(changed.Extensions))
                        .Bind(Labels.Encode(changed.Labels)).Bind(changed.UpdatedAt)
                        .Bind(scope.Namespace).Bind(changed.Id).Run();
                }

                ReferenceTable.Replace(writer, scope.Namespace, NodeKind.Container, changed.Id, ContainerTable.References(changed));
                return changed;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await scope.Database.WriteAsync(
            writer =>
            {
                using Statement delete = writer.Use("DELETE FROM container WHERE namespace = ? AND id = ?");
                if (delete.Bind(scope.Namespace).Bind(id).Run() == 0)
                {
                    throw new GantryException(ErrorKind.NotFound, $"container {id}");
                }

                ReferenceTable.RemoveAll(writer, scope.Namespace, NodeKind.Container, id);
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
    }

    private static ContainerRecord Apply(ContainerRecord old, ContainerRecord given, FieldMask mask)
    {
        if (mask.IsEmpty && old.Snapshotter != given.Snapshotter)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "container.Snapshotter field is immutable");
        }

        if (mask.IsEmpty && old.RuntimeName != given.RuntimeName)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "container.Runtime.Name field is immutable");
        }

        ContainerRecord changed = old;
        foreach (string path in mask.IsEmpty ? MutableFields : mask.Paths)
        {
            changed = ApplyPath(changed, given, path);
        }

        return changed;
    }

    private static ContainerRecord ApplyPath(ContainerRecord old, ContainerRecord given, string path)
    {
        switch (path)
        {
            case "spec":
                return old with { Spec = given.Spec };
            case "image":
                return old with { Image = given.Image };
            case "snapshotkey":
                return old with { SnapshotKey = given.SnapshotKey };
            case { } when Labels.Apply("labels", path, old.Labels, given.Labels) is { } labels:
                return old with { Labels = labels };
            case { } when ExtensionCodec.Apply(path, old.Extensions, given.Extensions) is { } extensions:
                return old with { Extensions = extensions };
            default:
                throw new GantryException(
                    ErrorKind.InvalidArgument,
                    $"cannot update \"{path}\" field on \"{given.Id}\"");
        }
    }

    private static ContainerRecord Checked(ContainerRecord container, string context)
    {
        try
        {
            return Checked(container);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"{context}: {e.Message}", e);
        }
    }

    private static ContainerRecord Checked(ContainerRecord container)
    {
        try
        {
            Identifier.Validate(container.Id);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"container.ID: {e.Message}", e);
        }

        Require(!container.Extensions.ContainsKey(""), "container.Extension keys must not be zero-length");
        IReadOnlyDictionary<string, string> labels = Labels.Check(container.Labels, "containers.Labels");
        Require(container.RuntimeName.Length > 0, "container.Runtime.Name must be set");
        Require(container.Spec is not null, "container.Spec must be set");
        Require(
            container.SnapshotKey.Length == 0 || container.Snapshotter.Length > 0,
            "container.Snapshotter must be set if container.SnapshotKey is set");
        Names.CheckText(container.Image, "container.Image");
        Names.CheckText(container.RuntimeName, "container.Runtime.Name");
        Names.CheckText(container.Snapshotter, "container.Snapshotter");
        Names.CheckText(container.SnapshotKey, "container.SnapshotKey");
        Names.CheckText(container.Sandbox, "container.SandboxID");
        return container with { Labels = labels };
    }

    private static void Require(bool holds, string detail)
    {
        if (!holds)
        {
            throw new GantryException(ErrorKind.InvalidArgument, detail);
        }
    }

    private ContainerRecord? Find(Connection connection, string id)
    {
        using Statement select = connection.Use($"SELECT {ContainerTable.Columns} FROM container WHERE namespace = ? AND id = ?");
        return select.Bind(scope.Namespace).Bind(id).Read() ? ContainerTable.ReadRow(select) : null;
    }
}
