using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Images;
using Gantry.Cli.Output;
using Gantry.Client;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Core.Leases;
using Gantry.Oci.Image;
using Gantry.Transfer.Images;
using Gantry.Transfer.Unpack;

namespace Gantry.Cli.Snapshots;

/// <summary><c>gantry snapshots unpack</c>: makes the snapshots of an image that is here, and prints the topmost.</summary>
internal static class UnpackCommand
{
    public static Command Create(Option<string> snapshotter)
    {
        Command command = new("unpack", "Make snapshots of the layers of an image that is here");
        Argument<string> image = new("image") { Description = "An image, or the digest that images point to" };
        PullOptions options = new();
        command.Add(image);
        command.Add(options.Platform);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            string target = parse.GetValue(snapshotter)!;
            ImageRecord record = await FindAsync(session, parse.GetValue(image)!);
            ResolvedImage found = await new ImageReader(session.Scope).ReadAsync(
                record, options.ToRequest(parse, target).Platform, session.Token);
            Task<Lease> leasing = SessionLease.CreateAsync(session);
            try
            {
                NamespaceClient leased = session.Client.In(session.Namespace, (await leasing).Id);
                Digest chain = await new Unpacker(_ => leased.Differ).UnpackAsync(
                    leased, found.Manifest, found.Config, target, layerReady: null, progress: null, session.Token);
                StandardStreams.Out.WriteLine(chain.ToString());
            }
            finally
            {
                await SessionLease.DropAsync(session, leasing);
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static async Task<ImageRecord> FindAsync(Session session, string name)
    {
        if (!Digest.TryParse(name, out _))
        {
            return await ImageLookup.FindAsync(session, name);
        }

        IReadOnlyList<ImageRecord> found =
            await session.Scope.Images.ListAsync([$"target.digest==\"{name}\""], session.Token);
        return found.Count > 0
            ? found[0]
            : throw new GantryException(ErrorKind.NotFound, $"no image points to {name}");
    }
}
