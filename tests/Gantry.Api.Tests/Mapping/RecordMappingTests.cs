using Gantry.Api.Mapping;
using Gantry.Core;
using Gantry.Core.Containers;
using Gantry.Core.Content;
using Gantry.Core.Errors;
using Gantry.Core.Events;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Core.Mounts;
using Gantry.Core.Namespaces;
using Gantry.Core.Plugins;
using Gantry.Core.Snapshots;
using Gantry.Oci.Image;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using FieldMask = Gantry.Core.FieldMask;

namespace Gantry.Api.Tests.Mapping;

public sealed class RecordMappingTests
{
    private static readonly Digest Blob = Digest.OfBytes("blob"u8);
    private static readonly Dictionary<string, string> Labels = new() { ["a.b/c"] = "d", ["e"] = "" };
    private static readonly DateTimeOffset Then = new(2026, 2, 3, 4, 5, 6, TimeSpan.Zero);
    private static readonly DateTimeOffset Later = Then.AddTicks(1);

    [Fact]
    public void Records_come_back_from_messages_as_they_went()
    {
        Descriptor descriptor = new("application/x", Blob, 4) { Annotations = Labels };
        Platform platform = new("linux", "arm64", "v8") { OsVersion = "1", OsFeatures = ["f"] };
        Mount mount = new("overlay", "overlay", ["ro", "lowerdir=/a:/b"]) { Target = "t" };
        ContentInfo content = new(Blob, 4, Then, Later, Labels);
        IngestStatus ingest = new("ref", 1, 2, Blob, Then, Later);
        ImageRecord image = new("name", descriptor, Labels, Then, Later);
        Lease lease = new("id", Then, Labels);
        LeaseResource resource = new("id", "content");
        NamespaceInfo ns = new(Namespace.Parse("k8s.io"), Labels);
        SnapshotInfo snapshot = new(SnapshotKind.Committed, "name", "parent", Then, Later, Labels);
        SnapshotUsage usage = new(3, 4);
        PluginInfo plugin = new("io.containerd.snapshotter.v1", "overlayfs")
        {
            Requires = ["a"],
            Platforms = [platform],
            Exports = Labels,
            Capabilities = ["rebase"],
            InitError = "no kernel: skip plugin",
        };

        AssertSame(descriptor, descriptor.ToMessage().ToRecord());
        AssertSame(platform, platform.ToMessage().ToRecord());
        AssertSame(mount, mount.ToMessage().ToRecord());
        AssertSame(content, content.ToMessage().ToRecord());
        AssertSame(ingest, ingest.ToMessage().ToRecord());
        AssertSame(image, image.ToMessage().ToRecord());
        AssertSame(lease, lease.ToMessage().ToRecord());
        AssertSame(resource, resource.ToMessage().ToRecord());
        AssertSame(ns, ns.ToMessage().ToRecord());
        AssertSame(snapshot, snapshot.ToMessage().ToRecord());
        AssertSame(usage, usage.ToMessage().ToRecord());
        AssertSame(plugin, plugin.ToMessage().ToRecord());
    }

    [Fact]
    public void Containers_and_events_keep_their_payloads_byte_for_byte()
    {
        TypedBytes payload = new("types.containerd.io/opencontainers/runtime-spec/1/Spec", new byte[] { 0, 255, 7 });
        ContainerRecord container = new("c1")
        {
            Labels = Labels,
            Image = "image",
            RuntimeName = "io.containerd.runc.v2",
            RuntimeOptions = payload,
            Spec = payload,
            Snapshotter = "overlayfs",
            SnapshotKey = "key",
            Extensions = new Dictionary<string, TypedBytes> { ["x"] = payload },
            Sandbox = "s",
            CreatedAt = Then,
            UpdatedAt = Later,
        };
        EventEnvelope envelope = new(Then, Namespace.Default, "/tasks/exit", payload);

        AssertSame(container, container.ToMessage().ToRecord());
        AssertSame(envelope, envelope.ToMessage().ToRecord());
        Assert.True(container.ToMessage().ToRecord().Spec!.Value.Span.SequenceEqual(payload.Value.Span));
    }

    [Fact]
    public void A_container_without_the_parts_it_may_lack_is_a_record_without_them()
    {
        ContainerRecord container = new Gantry.Api.Services.Containers.Container { Id = "c1" }.ToRecord();

        Assert.Equal("", container.RuntimeName);
        Assert.Null(container.RuntimeOptions);
        Assert.Null(container.Spec);
        Assert.Empty(container.Extensions);
    }

    [Fact]
    public void An_image_without_a_target_has_one_with_an_empty_digest()
    {
        Gantry.Api.Services.Images.Image message = new() { Name = "x" };

        Assert.True(message.ToRecord().Target.Digest.IsEmpty);
    }

    [Fact]
    public void An_absent_message_is_an_invalid_argument_that_names_it()
    {
        AssertInvalid("container", () => ((Gantry.Api.Services.Containers.Container?)null).ToRecord());
        AssertInvalid("image", () => ((Gantry.Api.Services.Images.Image?)null).ToRecord());
        AssertInvalid("content info", () => ((Gantry.Api.Services.Content.Info?)null).ToRecord());
        AssertInvalid("content digest", () => new Gantry.Api.Services.Content.Info().ToRecord());
        AssertInvalid("ingest status", () => ((Gantry.Api.Services.Content.Status?)null).ToRecord());
        AssertInvalid("snapshot info", () => ((Gantry.Api.Services.Snapshots.Info?)null).ToRecord());
        AssertInvalid("snapshot usage", () => ((Gantry.Api.Services.Snapshots.UsageResponse?)null).ToRecord());
        AssertInvalid("lease", () => ((Gantry.Api.Services.Leases.Lease?)null).ToRecord());
        AssertInvalid("resource", () => ((Gantry.Api.Services.Leases.Resource?)null).ToRecord());
        AssertInvalid("namespace", () => ((Gantry.Api.Services.Namespaces.Namespace?)null).ToRecord());
        AssertInvalid("mount", () => ((Gantry.Api.Types.Mount?)null).ToRecord());
        AssertInvalid("platform", () => ((Gantry.Api.Types.Platform?)null).ToRecord());
        AssertInvalid("descriptor", () => ((Gantry.Api.Types.ContentDescriptor?)null).ToRecord());
        AssertInvalid("plugin", () => ((Gantry.Api.Services.Introspection.Plugin?)null).ToRecord());
        AssertInvalid("envelope", () => ((Gantry.Api.Types.Envelope?)null).ToRecord());
        AssertInvalid("envelope timestamp", () => new Gantry.Api.Types.Envelope { Namespace = "x" }.ToRecord());
        AssertInvalid(
            "envelope event",
            () => new Gantry.Api.Types.Envelope { Namespace = "x", Timestamp = new Timestamp() }.ToRecord());
    }

    [Theory]
    [InlineData("sha256:abc")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("../../etc/passwd")]
    public void A_wrong_digest_is_an_invalid_argument(string digest) => AssertInvalid(
        $"\"{digest}\" failed validation",
        () => new Gantry.Api.Services.Content.Info { Digest = digest }.ToRecord());

    [Fact]
    public void A_time_that_is_not_known_is_Gos_zero_time_and_one_out_of_bounds_is_refused()
    {
        Assert.Equal(-62135596800, default(DateTimeOffset).ToMessage().Seconds);
        Assert.Equal(default, ((Timestamp?)null).ToRecord());
        AssertInvalid("timestamp", () => new Timestamp { Seconds = long.MaxValue }.ToRecord());
        AssertInvalid("timestamp", () => new Timestamp { Nanos = -1 }.ToRecord());
    }

    [Fact]
    public void A_mask_that_is_absent_or_names_nothing_is_empty()
    {
        Assert.True(((Google.Protobuf.WellKnownTypes.FieldMask?)null).ToRecord().IsEmpty);
        Assert.True(new Google.Protobuf.WellKnownTypes.FieldMask().ToRecord().IsEmpty);
        Assert.Null(FieldMask.Empty.ToMessage());
        Assert.Equal(["labels.a.b"], new FieldMask(["labels.a.b"]).ToMessage().ToRecord().Paths);
    }

    [Fact]
    public void A_snapshot_of_a_kind_that_is_not_known_here_is_of_unknown_kind()
    {
        Gantry.Api.Services.Snapshots.Info message = new() { Kind = (Gantry.Api.Services.Snapshots.Kind)99 };

        Assert.Equal(SnapshotKind.Unknown, message.ToRecord().Kind);
    }

    private static void AssertInvalid(string start, Func<object> read)
    {
        GantryException error = Assert.Throws<GantryException>(read);
        Assert.Equal(ErrorKind.InvalidArgument, error.Kind);
        Assert.StartsWith(start, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Records hold lists and maps, which compare by reference; so compare all that they show.</summary>
    private static void AssertSame(object expected, object actual) => Assert.Equivalent(expected, actual, strict: true);
}
