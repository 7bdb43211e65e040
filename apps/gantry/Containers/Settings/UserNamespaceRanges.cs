using Gantry.Oci.Runtime;

namespace Gantry.Cli.Containers.Settings;

/// <summary>The ids of a user namespace.</summary>
internal sealed record UserNamespaceRanges(IReadOnlyList<SpecIdMapping> Uids, IReadOnlyList<SpecIdMapping> Gids);
