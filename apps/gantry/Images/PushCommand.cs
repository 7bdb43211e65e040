using System.CommandLine;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Images;
using Gantry.Distribution;
using Gantry.Oci.Image;
using Gantry.Transfer.Push;

namespace Gantry.Cli.Images;

/// <summary><c>gantry push</c>: brings an image into a registry.</summary>
internal static class PushCommand
{
    private const int DefaultUploads = 4;

    public static Command Create()
    {
        Command command = new("push", "Push an image to a registry");
        Argument<string> image = new("image") { Description = "Name of the image" };
        Argument<string?> target = new("target")
        {
            Description = "What it is to be called in the registry; its own name if absent",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<int> uploads = new("--max-concurrent-uploads")
        {
            Description = "How many layers are sent at once",
            HelpName = "number",
            DefaultValueFactory = _ => DefaultUploads,
        };
        PullOptions options = new(withUser: true);
        command.Add(image);
        command.Add(target);
        command.Add(uploads);
        options.AddTo(command);
        command.SetAction(Session.Action(async (session, parse) =>
        {
            ImageRecord record = await ImageLookup.FindAsync(session, parse.GetValue(image)!);
            ImageRequest request = options.ToRequest(parse, "");
            PushRequest push = new(record.Name, Reference.ParseFamiliar(parse.GetValue(target) ?? record.Name))
            {
                Platform = parse.GetValue(options.Platform) is null ? null : request.Platform,
                MaxConcurrentUploads = parse.GetValue(uploads),
            };
            using RegistryClient registry =
                await Puller.OpenRegistryAsync(session, push.Target, request);
            PushResult result = await Puller.ShowAsync(
                progress => new ImagePusher(registry, session.Scope).PushAsync(push, progress, session.Token));
            StandardStreams.Error.WriteLine(
                $"{result.Uploaded} blobs sent, {result.Mounted} taken over from another repository, "
                + $"{result.Existed} were there");
            StandardStreams.Out.WriteLine($"{push.Target.Name}@{result.Target.Digest}");
            return ExitCodes.Success;
        }));
        return command;
    }
}
