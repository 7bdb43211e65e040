using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Namespaces;
using Gantry.Core.Sandboxes;
using Gantry.Storage.Containers;
using Gantry.Storage.Gc;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Sandboxes;

/// <inheritdoc cref="ISandboxStore"/>
internal sealed class SandboxStore(ScopeContext scope) : ISandboxStore
{
    private static readonly string[] MutableFields = ["labels", "extensions", "spec", "runtime"];

    /// <inheritdoc/>
    public Task<SandboxRecord> GetAsync(string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.Read(connection => Find(connection, id)));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<SandboxRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = StoreFilter.Parse(filters);
        return Task.FromResult(scope.Database.Read<IReadOnlyList<SandboxRecord>>(connection =>
        {
            using Statement select =
                connection.Use($"SELECT {SandboxTable.Columns} FROM sandbox WHERE namespace = ? ORDER BY id");
            return select.Bind(scope.Namespace)
                .ReadAll(SandboxTable.ReadRow, sandbox => filter.Matches(new SandboxFields(sandbox)));
        }));
    }

    /// <inheritdoc/>
    public Task<SandboxRecord> CreateAsync(SandboxRecord sandbox, CancellationToken cancellationToken)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        SandboxRecord made = Checked(sandbox) with { CreatedAt = now, UpdatedAt = now };
        return scope.Database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, scope.Namespace);
                return SandboxTable.Insert(writer, scope.Namespace, made)
                    ? made
                    : throw GantryException.Verbatim(
                        ErrorKind.AlreadyExists,
                        $"write error: sandbox bucket \"{made.Id}\" already exists: already exists");
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<SandboxRecord> UpdateAsync(
        SandboxRecord sandbox,
        FieldMask mask,
        CancellationToken cancellationToken)
    {
        DateTimeOffset now = scope.Time.GetUtcNow();
        return scope.Database.WriteAsync(
            writer =>
            {
                SandboxRecord changed = Checked(Apply(Find(writer.Connection, sandbox.Id), sandbox, mask)) with
                {
                    UpdatedAt = now,
                };
                using (Statement update = writer.Use(
                    """
                    UPDATE sandbox SET runtime = ?, runtime_options_type = ?, runtime_options = ?, spec_type = ?, spec = ?,
                        extensions = ?, labels = ?, updated_at = ?
                    WHERE namespace = ? AND id = ?
                    """))
                {
                    update.Bind(changed.RuntimeName)
                        .Bind(changed.RuntimeOptions)
                        .Bind(changed.Spec)
                        .Bind(ExtensionCodec.Encode(changed.Extensions)).Bind(Labels.Encode(changed.Labels))
                        .Bind(changed.UpdatedAt).Bind(scope.Namespace).Bind(changed.Id).Run();
                }

                ReferenceTable.Replace(
                    writer, scope.Namespace, NodeKind.Sandbox, changed.Id, SandboxTable.References(changed));
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
                using Statement delete = writer.Use("DELETE FROM sandbox WHERE namespace = ? AND id = ?");
                if (delete.Bind(scope.Namespace).Bind(id).Run() == 0)
                {
                    throw new GantryException(ErrorKind.NotFound, $"failed to delete sandbox \"{id}\"");
                }

                ReferenceTable.RemoveAll(writer, scope.Namespace, NodeKind.Sandbox, id);
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
    }

    private static SandboxRecord Apply(SandboxRecord old, SandboxRecord given, FieldMask mask)
    {
        if (mask.IsEmpty && old.RuntimeName != given.RuntimeName)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "sandbox.Runtime.Name field is immutable");
        }

        return (mask.IsEmpty ? MutableFields : mask.Paths)
            .Aggregate(old, (changed, path) => ApplyPath(changed, given, path));
    }

    private static SandboxRecord ApplyPath(SandboxRecord old, SandboxRecord given, string path)
    {
        switch (path)
        {
            case "spec":
                return old with { Spec = given.Spec };
            case "runtime":
                return old with { RuntimeName = given.RuntimeName, RuntimeOptions = given.RuntimeOptions };
            case { } when Labels.Apply("labels", path, old.Labels, given.Labels) is { } labels:
                return old with { Labels = labels };
            case { } when ExtensionCodec.Apply(path, old.Extensions, given.Extensions) is { } extensions:
                return old with { Extensions = extensions };
            default:
                throw new GantryException(
                    ErrorKind.InvalidArgument, $"cannot update \"{path}\" field on sandbox \"{given.Id}\"");
        }
    }

    private static SandboxRecord Checked(SandboxRecord sandbox)
    {
        try
        {
            Identifier.Validate(sandbox.Id);
        }
        catch (GantryException e)
        {
            throw GantryException.Verbatim(e.Kind, $"failed to validate sandbox: invalid sandbox ID: {e.Message}", e);
        }

        Names.CheckText(sandbox.Sandboxer, "sandbox.Sandboxer");
        Names.CheckText(sandbox.RuntimeName, "sandbox.Runtime.Name");
        return sandbox with { Labels = Labels.Check(sandbox.Labels, "sandbox.Labels") };
    }

    private SandboxRecord Find(Connection connection, string id)
    {
        using Statement select = connection.Use($"SELECT {SandboxTable.Columns} FROM sandbox WHERE namespace = ? AND id = ?");
        return select.Bind(scope.Namespace).Bind(id).Read()
            ? SandboxTable.ReadRow(select)
            : throw GantryException.Verbatim(ErrorKind.NotFound, $"bucket \"{id}\" not found: not found");
    }
}
