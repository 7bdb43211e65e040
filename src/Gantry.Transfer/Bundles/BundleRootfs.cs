using System.Text.Json.Serialization;

namespace Gantry.Transfer.Bundles;

/// <summary>What the directory <c>rootfs</c> of a bundle is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BundleRootfs>))]
public enum BundleRootfs
{
    /// <summary>Files of its own, which leave nothing in the daemon.</summary>
    [JsonStringEnumMemberName("copy")]
    Copy = 0,

    /// <summary>A mount of a snapshot that belongs to the bundle.</summary>
    [JsonStringEnumMemberName("mount")]
    Mount,
}
