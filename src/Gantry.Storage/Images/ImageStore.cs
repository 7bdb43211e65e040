using Gantry.Core;
using Gantry.Core.Errors;
using Gantry.Core.Filters;
using Gantry.Core.Images;
using Gantry.Core.Labels;
using Gantry.Oci.Image;
using Gantry.Storage.Gc;
using Gantry.Storage.Leases;
using Gantry.Storage.Metadata;
using Gantry.Storage.Sqlite;

namespace Gantry.Storage.Images;

/// <inheritdoc cref="IImageStore"/>
internal sealed class ImageStore(ScopeContext scope) : IImageStore
{
    /// <inheritdoc/>
    public Task<ImageRecord> GetAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(scope.Database.Read(connection => Find(connection, name) ?? throw NotFound(name)));
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ImageRecord>> ListAsync(
        IReadOnlyList<string> filters,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Filter filter = StoreFilter.Parse(filters);
        return Task.FromResult(scope.Database.Read<IReadOnlyList<ImageRecord>>(connection =>
        {
            using Statement select = connection.Use($"SELECT {ImageTable.Columns} FROM image WHERE namespace = ? ORDER BY name");
            return select.Bind(scope.Namespace)
                .ReadAll(ImageTable.ReadRow, image => filter.Matches(new ImageFields(image)));
        }));
    }

    /// <inheritdoc/>
    public Task<ImageRecord> CreateAsync(ImageRecord image, CancellationToken cancellationToken)
    {
        ImageRecord made = Checked(image);
        DateTimeOffset created = image.CreatedAt == default ? scope.Time.GetUtcNow() : image.CreatedAt;
        made = made with
        {
            CreatedAt = created,
            UpdatedAt = image.UpdatedAt == default ? created : image.UpdatedAt,
        };
        return scope.Database.WriteAsync(
            writer =>
            {
                NamespaceTable.Ensure(writer, scope.Namespace);
                if (!ImageTable.Insert(writer, scope.Namespace, made))
                {
                    throw new GantryException(ErrorKind.AlreadyExists, $"image \"{made.Name}\"");
                }

                AttachToLease(writer, made);
                return made;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<ImageRecord> UpdateAsync(ImageRecord image, FieldMask mask, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(image.Name))
        {
            throw new GantryException(ErrorKind.InvalidArgument, "image name is required for update");
        }

        bool hasTime = image.UpdatedAt != default && image.CreatedAt == default;
        DateTimeOffset now = hasTime ? image.UpdatedAt : scope.Time.GetUtcNow();
        return scope.Database.WriteAsync(
            writer =>
            {
                ImageRecord old = Find(writer.Connection, image.Name) ?? throw NotFound(image.Name);
                ImageRecord changed = Checked(Apply(old, image, mask)) with
                {
                    CreatedAt = old.CreatedAt,
                    UpdatedAt = now,
                };
                using (Statement update = writer.Use(
                    """
                    UPDATE image SET media_type = ?, digest = ?, size = ?, annotations = ?, labels = ?,
                        expires_at = ?, updated_at = ?
                    WHERE namespace = ? AND name = ?
                    """))
                {
                    Descriptor target = changed.Target;
                    update.Bind(target.MediaType).Bind(target.Digest.ToString()).Bind(target.Size)
                        .Bind(Labels.Encode(target.Annotations)).Bind(Labels.Encode(changed.Labels))
                        .Bind(GcLabels.Expiry(changed.Labels)).Bind(changed.UpdatedAt)
                        .Bind(scope.Namespace).Bind(changed.Name).Run();
                }

                if (GcLabels.Expiry(old.Labels) != GcLabels.Expiry(changed.Labels))
                {
                    // Its references may count again: to a collection under way they must be new ones.
                    ReferenceTable.RemoveAll(writer, scope.Namespace, NodeKind.Image, changed.Name);
                }

                ReferenceTable.Replace(writer, scope.Namespace, NodeKind.Image, changed.Name, ImageTable.References(changed));
                AttachToLease(writer, changed);
                return changed;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(
        string name,
        bool synchronous,
        Descriptor? target,
        CancellationToken cancellationToken)
    {
        await scope.Database.WriteAsync(
            writer =>
            {
                ImageRecord image = Find(writer.Connection, name) ?? throw NotFound(name);
                if (target is { Digest.IsEmpty: false } && target.Digest != image.Target.Digest)
                {
                    throw new GantryException(
                        ErrorKind.NotFound,
                        $"image \"{name}\" has target {image.Target.Digest}, not {target.Digest}");
                }

                ImageTable.Delete(writer, scope.Namespace, name);
                LeaseTable.Detach(writer, scope.Namespace, scope.Lease, NodeKind.Image, name);
            },
            cancellationToken);
        scope.Collector.NoteDeletion();
        if (synchronous)
        {
            await scope.Collector.CollectAsync(cancellationToken);
        }
    }

    private static ImageRecord Apply(ImageRecord old, ImageRecord given, FieldMask mask)
    {
        if (mask.IsEmpty)
        {
            return old with { Labels = given.Labels, Target = given.Target };
        }

        ImageRecord changed = old;
        foreach (string path in mask.Paths)
        {
            if (path == "target")
            {
                changed = changed with { Target = given.Target };
            }
            else if (Labels.Apply("labels", path, changed.Labels, given.Labels) is { } labels)
            {
                changed = changed with { Labels = labels };
            }
            else if (Labels.Apply("annotations", path, changed.Target.Annotations, given.Target.Annotations)
                is { } annotations)
            {
                changed = changed with { Target = changed.Target with { Annotations = annotations } };
            }
            else
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument,
                    $"cannot update \"{path}\" field on image \"{given.Name}\"");
            }
        }

        return changed;
    }

    private static ImageRecord Checked(ImageRecord image)
    {
        Names.Check(image.Name, "image name");
        Names.CheckText(image.Target.MediaType, "target.MediaType");
        IReadOnlyDictionary<string, string> labels = Labels.Check(image.Labels, "image.Labels");
        if (image.Target.Digest.IsEmpty)
        {
            throw new GantryException(
                ErrorKind.InvalidArgument,
                "Target.Digest \"\" invalid: invalid checksum digest format");
        }

        if (image.Target.Size <= 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "Target.Size must be greater than zero");
        }

        if (image.Target.MediaType.Length == 0)
        {
            throw new GantryException(ErrorKind.InvalidArgument, "Target.MediaType must be set");
        }

        Descriptor target = image.Target with { Annotations = Labels.WithoutEmpty(image.Target.Annotations) };
        return image with { Labels = labels, Target = target };
    }

    private static GantryException NotFound(string name) => new(ErrorKind.NotFound, $"image \"{name}\"");

    private ImageRecord? Find(Connection connection, string name)
    {
        using Statement select = connection.Use($"SELECT {ImageTable.Columns} FROM image WHERE namespace = ? AND name = ?");
        return select.Bind(scope.Namespace).Bind(name).Read() ? ImageTable.ReadRow(select) : null;
    }

    /// <summary>An image that can expire is added to the lease; any other is kept by itself.</summary>
    private void AttachToLease(Writer writer, ImageRecord image)
    {
        if (image.Labels.ContainsKey(WellKnownLabels.GcExpire))
        {
            LeaseTable.Attach(writer, scope.Namespace, scope.Lease, NodeKind.Image, image.Name);
        }
    }
}
