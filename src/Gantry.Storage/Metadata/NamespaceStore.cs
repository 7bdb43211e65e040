using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Labels;
using Gantry.Core.Namespaces;
using Gantry.Storage.Content;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Metadata;

/// <inheritdoc cref="INamespaceStore"/>
internal sealed class NamespaceStore(Database database, BlobAccess blobs) : INamespaceStore
{
    /// <inheritdoc/>
    public Task<NamespaceInfo> GetAsync(Namespace name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(database.Read(connection => new NamespaceInfo(
            name,
            ReadLabels(connection, name.ToString()) ?? Labels.Decode([]))));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<NamespaceInfo>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = Filter.Parse(filters);
        return Task.FromResult(database.Read<IReadOnlyList<NamespaceInfo>>(connection =>
        {
            using Statement select = connection.Use("SELECT name, labels FROM namespace ORDER BY name");
            return select.ReadAll(
                row => new NamespaceInfo(Namespace.Parse(row.Text(0)), Labels.Decode(row.Bytes(1))),
                info => filter.Matches(new NamespaceFields(info)));
        }));
    }

    /// <inheritdoc/>
    public Task<NamespaceInfo> CreateAsync(NamespaceInfo info, CancellationToken cancellationToken)
    {
        string name = Checked(info.Name);
        CheckLabels(info.Labels);
        return database.WriteAsync(
            writer =>
            {
                using Statement insert = writer.Use(
                    "INSERT INTO namespace (name, labels) VALUES (?, ?) ON CONFLICT (name) DO NOTHING");
                return insert.Bind(name).Bind(Labels.Encode(info.Labels)).Run() == 1
                    ? info
                    : throw new GantryException(ErrorKind.AlreadyExists, $"namespace \"{name}\"");
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<NamespaceInfo> UpdateAsync(NamespaceInfo info, FieldMask mask, CancellationToken cancellationToken)
    {
        string name = Checked(info.Name);
        CheckLabels(info.Labels);
        return database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, name);
                IReadOnlyDictionary<string, string> labels = mask.IsEmpty
                    ? Labels.WithoutEmpty(info.Labels)
                    : ReadLabels(writer.Connection, name)!;
                foreach (string path in mask.Paths)
                {
                    labels = path.StartsWith("labels.", StringComparison.Ordinal)
                        && Labels.Apply("labels", path, labels, info.Labels) is { } changed
                            ? changed
                            : throw GantryException.Verbatim(
                                ErrorKind.InvalidArgument,
                                $"cannot update \"{path}\" field");
                }

                using Statement update = writer.Use("UPDATE namespace SET labels = ? WHERE name = ?");
                update.Bind(Labels.Encode(labels)).Bind(name).Run();
                return new NamespaceInfo(info.Name, labels);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(Namespace name, CancellationToken cancellationToken)
    {
        List<string> ingests = await database.WriteAsync(
            writer => Delete(writer, name.ToString()),
            cancellationToken);
        foreach (string backend in ingests)
        {
            await blobs.RemoveIngestAsync(backend);
        }
    }

    private static List<string> Delete(Writer writer, string name)
    {
        List<string> remaining = Remaining(writer.Connection, name);
        if (remaining.Count > 0)
        {
            throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"namespace \"{name}\" must be empty, but it still has {string.Join(", ", remaining)}");
        }

        List<string> ingests;
        using (Statement select = writer.Use("SELECT backend FROM ingest WHERE namespace = ?"))
        {
            ingests = select.Bind(name).ReadAll(row => row.Text(0));
        }

        DeleteFrom(writer, "DELETE FROM ingest WHERE namespace = ?", name);
        DeleteFrom(writer, "DELETE FROM lease WHERE namespace = ?", name);
        DeleteFrom(writer, "DELETE FROM reference WHERE namespace = ?", name);
        return DeleteFrom(writer, "DELETE FROM namespace WHERE name = ?", name) == 1
            ? ingests
            : throw new GantryException(ErrorKind.NotFound, $"namespace \"{name}\"");
    }

    private static int DeleteFrom(Writer writer, string sql, string name)
    {
        using Statement delete = writer.Use(sql);
        return delete.Bind(name).Run();
    }

    /// <summary>The kinds of objects that a namespace still has, in containerd's words.</summary>
    private static List<string> Remaining(Connection connection, string name)
    {
        List<string> kinds = [];
        AddIfAny("SELECT 1 FROM image WHERE namespace = ? LIMIT 1", "images");
        AddIfAny("SELECT 1 FROM content WHERE namespace = ? LIMIT 1", "blobs");
        AddIfAny("SELECT 1 FROM container WHERE namespace = ? LIMIT 1", "containers");
        AddIfAny("SELECT 1 FROM sandbox WHERE namespace = ? LIMIT 1", "sandboxes");
        AddIfAny("SELECT 1 FROM activation WHERE namespace = ? LIMIT 1", "mounts");
        using Statement select = connection.Use(
            "SELECT DISTINCT snapshotter FROM snapshot WHERE namespace = ? ORDER BY snapshotter");
        kinds.AddRange(select.Bind(name).ReadAll(row => $"snapshots on \"{row.Text(0)}\" snapshotter"));
        return kinds;

        void AddIfAny(string sql, string what)
        {
            using Statement any = connection.Use(sql);
            if (any.Bind(name).Read())
            {
                kinds.Add(what);
            }
        }
    }

    private static IReadOnlyDictionary<string, string>? ReadLabels(Connection connection, string name)
    {
        using Statement select = connection.Use("SELECT labels FROM namespace WHERE name = ?");
        return select.Bind(name).Read() ? Labels.Decode(select.Bytes(0)) : null;
    }

    private static string Checked(Namespace ns)
    {
        Identifier.Validate(ns.ToString());
        return ns.ToString();
    }

    private static void CheckLabels(IReadOnlyDictionary<string, string> labels)
    {
        try
        {
            LabelRules.Validate(labels);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"namespace.Labels: {e.Message}", e);
        }
    }
}
