using Gantry.Core.Errors;

namespace Gantry.Core.Snapshots;

/// <summary>
/// Gives a layer that was applied to an upper directory of its own what it has from the layers below, now that those are
/// there: the attributes of directories that it has files in and does not mention.
/// </summary>
/// <param name="upper">The directory of the layer.</param>
/// <param name="lower">Those below it, the nearest first.</param>
/// <param name="note">What the applier has written down (<see cref="DetachedNote"/>).</param>
/// <param name="userXattr">Overlayfs keeps its own attributes under <c>user.</c>, not under <c>trusted.</c>.</param>
/// <exception cref="GantryException">NotImplemented: the layer has to be applied anew, on its parent.</exception>
public delegate void AttachLayer(string upper, IReadOnlyList<string> lower, DetachedNote note, bool userXattr);
