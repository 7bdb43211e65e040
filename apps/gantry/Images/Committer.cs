using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Transfer.Commit;

namespace Gantry.Cli.Images;

/// <summary>Makes images through the daemon, and says what was made.</summary>
internal static class Committer
{
    /// <summary>Makes an image; prints its name.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Session session, CommitRequest request)
    {
        ImageCommitter committer = new(
            leaseId => session.Client.In(session.Namespace, leaseId),
            scope => ((NamespaceClient)scope).Differ);
        CommitResult result = await committer.CommitAsync(request, session.Token);
        StandardStreams.Error.WriteLine(result.Layer is { } layer
            ? $"layer {layer.Digest}: {Human.Size(layer.Size)}"
            : "no file has changed: no layer");
        StandardStreams.Error.WriteLine($"manifest {result.Image.Target.Digest}");
        StandardStreams.Out.WriteLine(result.Image.Name);
        return ExitCodes.Success;
    }
}
