using System.CommandLine;
using Gantry.Archive.Compression;
using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Core.Errors;
using Gantry.Core.Images;
using Gantry.Oci.Image;
using Gantry.Transfer.Conversion;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image convert</c>: makes an image of the same files in another form.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        Command command = new("convert", "Make an image of the same files in another form");
        Argument<string> source = new("source") { Description = "Name of the image" };
        Argument<string> target = new("target") { Description = "Name of the new image" };
        Option<string?> compression = new("--compression")
        {
            Description = "How layers are packed: gzip, zstd or none; as they are if absent",
            HelpName = "kind",
        };
        compression.AcceptOnlyFromAmong("gzip", "zstd", "none");
        Option<bool> oci = new("--oci") { Description = "Use the media types of OCI" };
        Option<bool> docker = new("--docker") { Description = "Use the media types of Docker" };
        Option<string?> platform = PlatformOption.Create();
        Option<bool> all = new("--all-platforms") { Description = "Convert the image whole, with all its platforms" };
        command.Add(source);
        command.Add(target);
        command.Add(compression);
        command.Add(oci);
        command.Add(docker);
        command.Add(platform);
        command.Add(all);
        command.Validators.Add(result =>
        {
            if (result.GetValue(oci) && result.GetValue(docker))
            {
                result.AddError("--oci and --docker exclude each other");
            }

            if (result.GetValue(all) && result.GetValue(platform) is not null)
            {
                result.AddError("--platform and --all-platforms exclude each other");
            }
        });
        command.SetAction(Session.Action(async (session, parse) =>
        {
            Reference name = Reference.ParseFamiliar(parse.GetValue(target)!);
            if (!name.Digest.IsEmpty)
            {
                throw new GantryException(
                    ErrorKind.InvalidArgument, $"image name \"{name}\": a digest can't be given to a new image");
            }

            ImageRecord found = await ImageLookup.FindAsync(session, parse.GetValue(source)!);
            ConvertRequest request = new(found.Name, name.ToString())
            {
                Compression = parse.GetValue(compression) switch
                {
                    "gzip" => CompressionKind.Gzip,
                    "zstd" => CompressionKind.Zstd,
                    "none" => CompressionKind.None,
                    _ => null,
                },
                Family = parse.GetValue(oci) ? MediaTypeFamily.Oci
                    : parse.GetValue(docker) ? MediaTypeFamily.Docker
                    : MediaTypeFamily.Same,
                Platform = parse.Read(platform),
                AllPlatforms = parse.GetValue(all),
            };
            ImageConverter converter = new(leaseId => session.Client.In(session.Namespace, leaseId));
            ImageRecord made = await converter.ConvertAsync(request, session.Token);
            StandardStreams.Error.WriteLine($"{made.Target.MediaType} {made.Target.Digest}");
            StandardStreams.Out.WriteLine(made.Name);
            return ExitCodes.Success;
        }));
        return command;
    }
}
