using System.Text.Json.Serialization;

namespace Gantry.Oci.Runtime;

/// <summary>The limit of huge pages of one size.</summary>
public sealed record SpecHugepageLimit
{
    /// <summary>The size of a page, such as <c>2MB</c>.</summary>
    [JsonPropertyName("pageSize")]
    public string PageSize { get; init; } = "";

    /// <summary>Bytes.</summary>
    [JsonPropertyName("limit")]
    public ulong Limit { get; init; }
}
