using System.Security.Cryptography;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Leases;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;
using Reference = Gantry.Storage.Gc.Reference;

namespace Gantry.Storage.Leases;

/// <inheritdoc cref="ILeaseStore"/>
internal sealed class LeaseStore(ScopeContext scope) : ILeaseStore
{
    private const string SnapshotType = "snapshots";

    /// <inheritdoc/>
    public Task<Lease> CreateAsync(
        string id,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        Lease lease = new(
            string.IsNullOrEmpty(id) ? MakeId(now) : id,
            now,
            Labels.Check(labels, "lease.Labels"));
        Names.Check(lease.Id, "lease id");
        return scope.Database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, scope.Namespace);
                return LeaseTable.Insert(writer, scope.Namespace, lease)
                    ? lease
                    : throw new GantryException(ErrorKind.AlreadyExists, $"lease \"{lease.Id}\"");
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string id, bool synchronous, CancellationToken cancellationToken)
    {
        await scope.Database.WriteAsync(
            writer =>
            {
                using Statement delete = writer.Use("DELETE FROM lease WHERE namespace = ? AND id = ?");
                if (delete.Bind(scope.Namespace).Bind(id).Run() == 0)
                {
                    throw NotFound(id);
                }

                ReferenceTable.RemoveAll(writer, scope.Namespace, NodeKind.Lease, id);
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
        if (synchronous)
        {
            await scope.Collector.CollectAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Lease>> ListAsync(IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = StoreFilter.Parse(filters);
        return Task.FromResult(scope.Database.Read<IReadOnlyList<Lease>>(connection =>
        {
            using Statement select = connection.Use(
                $"SELECT {LeaseTable.Columns} FROM lease WHERE namespace = ? ORDER BY id");
            return select.Bind(scope.Namespace)
                .ReadAll(LeaseTable.ReadRow, lease => filter.Matches(new LeaseFields(lease)));
        }));
    }

    /// <inheritdoc/>
    public Task AddResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken)
    {
        Reference reference = Parse(resource);
        return scope.Database.WriteAsync(
            writer =>
            {
                Require(writer.Connection, id);
                ReferenceTable.Add(writer, scope.Namespace, NodeKind.Lease, id, reference);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task RemoveResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken)
    {
        Reference reference = Parse(resource);
        await scope.Database.WriteAsync(
            writer =>
            {
                Require(writer.Connection, id);
                ReferenceTable.Remove(writer, scope.Namespace, NodeKind.Lease, id, reference);
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.ReadSnapshot<IReadOnlyList<LeaseResource>>(connection =>
        {
            Require(connection, id);
            return
            [
                .. ReferenceTable.List(connection, scope.Namespace, NodeKind.Lease, id)
                    .OrderBy(reference => Order(reference.Kind))
                    .Select(ToResource),
            ];
        }));
    }

    /// <summary>An id of containerd's shape: nanoseconds within the second, and three random bytes.</summary>
    private static string MakeId(DateTimeOffset now)
    {
        long nanoseconds = now.Ticks % TimeSpan.TicksPerSecond * TimeSpan.NanosecondsPerTick;
        string random = Convert.ToBase64String(RandomNumberGenerator.GetBytes(3))
            .Replace('+', '-')
            .Replace('/', '_');
        return $"{nanoseconds}-{random}";
    }

    private static Reference Parse(LeaseResource resource)
    {
        Names.CheckText(resource.Id, "resource id");
        Names.CheckText(resource.Type, "resource type");
        string[] parts = resource.Type.Split('/');
        switch (parts[0])
        {
            case "content" or "ingests" or "images" or "mounts" when parts.Length != 1:
                throw new GantryException(ErrorKind.InvalidArgument, $"invalid resource type {resource.Type}");
            case "content":
                return Digest.TryParse(resource.Id, out Digest digest)
                    ? new Reference(ReferenceRole.Leased, NodeKind.Content, digest.ToString())
                    : throw new GantryException(
                        ErrorKind.InvalidArgument,
                        $"invalid content resource id {resource.Id}: {Digest.Problem(resource.Id)}");
            case "ingests":
                return new Reference(ReferenceRole.Leased, NodeKind.Ingest, resource.Id);
            case "images":
                return new Reference(ReferenceRole.Leased, NodeKind.Image, resource.Id);
            case "mounts":
                return new Reference(ReferenceRole.Leased, NodeKind.Activation, resource.Id);
            case SnapshotType:
                return parts.Length == 2
                    ? Reference.ToSnapshot(ReferenceRole.Leased, parts[1], resource.Id)
                    : throw new GantryException(
                        ErrorKind.InvalidArgument,
                        $"invalid snapshot resource type {resource.Type}");
            default:
                throw new GantryException(
                    ErrorKind.NotImplemented,
                    $"resource type {resource.Type} not supported yet");
        }
    }

    private static LeaseResource ToResource(Reference reference)
    {
        switch (reference.Kind)
        {
            case NodeKind.Content:
                return new LeaseResource(reference.Key, "content");
            case NodeKind.Image:
                return new LeaseResource(reference.Key, "images");
            case NodeKind.Ingest:
                return new LeaseResource(reference.Key, "ingests");
            case NodeKind.Activation:
                return new LeaseResource(reference.Key, "mounts");
            default:
                int slash = reference.Key.IndexOf('/', StringComparison.Ordinal);
                return new LeaseResource(reference.Key[(slash + 1)..], $"{SnapshotType}/{reference.Key[..slash]}");
        }
    }

    /// <summary>The order in which containerd lists resources.</summary>
    private static int Order(NodeKind kind) => kind switch
    {
        NodeKind.Content => 0,
        NodeKind.Image => 1,
        NodeKind.Ingest => 2,
        NodeKind.Activation => 4,
        _ => 3,
    };

    private static GantryException NotFound(string id) => new(ErrorKind.NotFound, $"lease \"{id}\"");

    private void Require(Connection connection, string id)
    {
        if (!LeaseTable.Exists(connection, scope.Namespace, id))
        {
            throw NotFound(id);
        }
    }
}
