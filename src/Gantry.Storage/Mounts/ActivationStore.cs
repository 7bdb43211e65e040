using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Mounts;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Mounts;

/// <inheritdoc cref="IActivationStore"/>
internal sealed class ActivationStore(ScopeContext scope) : IActivationStore
{
    /// <summary>How many mounts one activation may have.</summary>
    private const int MaxMounts = 255;

    /// <inheritdoc/>
    /// <remarks>
    /// 1. The name is taken, under the lease. 2. The mounts are made. 3. They are recorded: from now on it is an
    /// activation. What stops between these steps is undone, here or at the next start.
    /// </remarks>
    public async Task<Activation> ActivateAsync(
        string name,
        IReadOnlyList<Mount> mounts,
        IReadOnlyDictionary<string, string> labels,
        bool temporary,
        CancellationToken cancellationToken)
    {
        Names.Check(name, "mount name");
        labels = Labels.Check(labels, "mount.Labels");
        if (mounts.Count > MaxMounts)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument, $"too many mounts ({mounts.Count}): maximum {MaxMounts}");
        }

        if (scope.Activator.Driver is not { } driver || !driver.Handles(mounts, temporary))
        {
            throw new GantryException(ErrorKind.NotImplemented, $"mount \"{name}\": nothing to activate");
        }

        using IDisposable held = await HoldAsync(name, cancellationToken);

        // Step 1
        long id = await scope.Database.WriteAsync(writer => Begin(writer, name, labels), cancellationToken);
        try
        {
            // Step 2
            ActivatedMounts made = await driver.ActivateAsync(id, mounts, temporary, cancellationToken);

            // Step 3
            await scope.Database.WriteAsync(
                writer => ActivationTable.Finish(writer, id, made, scope.Time.GetUtcNow()), cancellationToken);
            return new Activation(name, made.Active, made.System, labels);
        }
        catch
        {
            await scope.Database.WriteAsync(
                writer =>
                {
                    ActivationTable.Delete(writer, scope.Namespace, name, id);
                    LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Activation, name);
                },
                CancellationToken.None);
            await scope.Activator.DeactivateAsync([id]);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task DeactivateAsync(string name, CancellationToken cancellationToken)
    {
        using IDisposable held = await HoldAsync(name, cancellationToken);
        long id = await scope.Database.WriteAsync(
            writer =>
            {
                ActivationRow row = Require(writer.Connection, name);
                ActivationTable.Delete(writer, scope.Namespace, name, row.Id);
                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Activation, name);
                return row.Id;
            },
            cancellationToken);
        if (scope.Activator.Driver is { } driver)
        {
            await driver.DeactivateAsync(id, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<Activation> InfoAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.Read(connection => Require(connection, name).ToRecord()));
    }

    /// <inheritdoc/>
    public Task<Activation> UpdateAsync(
        string name,
        IReadOnlyDictionary<string, string> labels,
        FieldMask mask,
        CancellationToken cancellationToken) =>
        scope.Database.WriteAsync(
            writer =>
            {
                ActivationRow row = Require(writer.Connection, name);
                IReadOnlyDictionary<string, string> changed =
                    Labels.Check(Apply(row.Labels, labels, mask, name), "mount.Labels");
                ActivationTable.SetLabels(writer, row.Id, changed, scope.Time.GetUtcNow());
                ReferenceTable.Replace(
                    writer, scope.Namespace, NodeKind.Activation, name, LabelReferences.Read(NodeKind.Activation, changed));
                return (row with { Labels = changed }).ToRecord();
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Activation>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = Filter.Parse(filters);
        return Task.FromResult(scope.Database.Read<IReadOnlyList<Activation>>(connection =>
        [
            .. ActivationTable.List(connection, scope.Namespace)
                .Select(row => row.ToRecord())
                .Where(activation => filter.Matches(new ActivationFields(activation))),
        ]));
    }

    private static IReadOnlyDictionary<string, string> Apply(
        IReadOnlyDictionary<string, string> current,
        IReadOnlyDictionary<string, string> given,
        FieldMask mask,
        string name)
    {
        if (mask.IsEmpty)
        {
            return given;
        }

        foreach (string path in mask.Paths)
        {
            current = Labels.Apply("labels", path, current, given)
                ?? throw new GantryException(
                    ErrorKind.InvalidArgument, $"cannot update \"{path}\" field on mount \"{name}\"");
        }

        return current;
    }

    private long Begin(Writer writer, string name, IReadOnlyDictionary<string, string> labels)
    {
        NamespaceTable.Ensure(writer, scope.Namespace);
        long id = ActivationTable.TryAdd(writer, scope.Namespace, name, labels, scope.Time.GetUtcNow())
            ?? throw new GantryException(ErrorKind.AlreadyExists, $"mount \"{name}\"");
        ReferenceTable.Add(writer, scope.Namespace, NodeKind.Activation, name, LabelReferences.Read(NodeKind.Activation, labels));
        LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Activation, name);
        return id;
    }

    private Task<IDisposable> HoldAsync(string name, CancellationToken cancellationToken) =>
        scope.Activator.Names.AcquireAsync($"{scope.Namespace}/{name}", cancellationToken);

    private ActivationRow Require(Connection connection, string name) =>
        ActivationTable.Find(connection, scope.Namespace, name) is { Mounts: not null } row
            ? row
            : throw new GantryException(ErrorKind.NotFound, $"mount \"{name}\"");
}
