namespace Gantry.Server.Config;

/// <summary>Where something is in a config file.</summary>
/// <param name="File">The file.</param>
/// <param name="Line">The line, from 1; 0 when it is in none.</param>
/// <param name="Path">The key as the file has it, such as <c>grpc.uid</c>.</param>
internal sealed record ConfigOrigin(string File, int Line, string Path)
{
    /// <summary>The origin of what the daemon made itself.</summary>
    public static readonly ConfigOrigin None = new("", 0, "");

    /// <summary>The file and line, as compilers tell them.</summary>
    public string Place => Line == 0 ? File : $"{File}:{Line}";

    /// <inheritdoc/>
    public override string ToString() => $"{Place}: key {Path}";
}
