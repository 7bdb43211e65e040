using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Client;
using Gantry.Client.Containers;
using Gantry.Core.Errors;
using Gantry.Transfer.Bundles;

namespace Gantry.Cli.Bundles;

/// <summary><c>gantry bundle</c>: bundles that stand by themselves.</summary>
internal static class BundleCommand
{
    public static Command Create() => new("bundle", "Bundles: directories that any OCI runtime can run")
    {
        BundleCreateCommand.Create(),
        BundlePackCommand.Create(),
        BundleMountCommand.Create(),
        BundleMountCommand.CreateUnmount(),
        BundleDeleteCommand.Create(),
    };

    /// <summary>The argument that names a bundle.</summary>
    public static Argument<string> DirectoryArgument() => new("dir") { Description = "Directory of the bundle" };

    /// <summary>What makes bundles, through the daemon of a session.</summary>
    public static BundleBuilder Builder(Session session) => new(
        leaseId => session.Client.In(session.Namespace, leaseId),
        scope => ((NamespaceClient)scope).Differ,
        RootfsUsers.Read);

    /// <summary>What a bundle of the session's namespace says of itself.</summary>
    /// <exception cref="GantryException">FailedPrecondition: it is of another namespace.</exception>
    public static BundleRecord Read(Session session, BundleDirectory directory)
    {
        BundleRecord record = directory.ReadRecord();
        return record.Namespace == session.Namespace.ToString()
            ? record
            : throw new GantryException(
                ErrorKind.FailedPrecondition,
                $"bundle \"{directory.Path}\": it is of namespace \"{record.Namespace}\", use -n {record.Namespace}");
    }
}
