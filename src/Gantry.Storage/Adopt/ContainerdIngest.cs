namespace Gantry.Storage.Adopt;

/// <summary>An ingest, as containerd's metadata has it.</summary>
/// <param name="Reference">The client's name for it.</param>
/// <param name="Backend">What the content store calls it: <c>NAMESPACE/NUMBER/REF</c>.</param>
/// <param name="ExpiresAt">When it may be collected; null for when its lease is.</param>
internal sealed record ContainerdIngest(string Reference, string Backend, DateTimeOffset? ExpiresAt);
