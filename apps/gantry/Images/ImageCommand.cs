using System.CommandLine;

namespace Gantry.Cli.Images;

/// <summary><c>gantry image</c>: all that is done to images.</summary>
internal static class ImageCommand
{
    public static Command Create()
    {
        Command list = ImagesCommand.Create();
        list.Aliases.Add("ls");
        list.Aliases.Add("list");
        Command remove = RmiCommand.Create();
        remove.Aliases.Add("rm");
        remove.Aliases.Add("remove");
        return new Command("image", "Do things to images")
        {
            PullCommand.Create(),
            PushCommand.Create(),
            ImportCommand.Create(),
            ExportCommand.Create(),
            list,
            remove,
            TagCommand.Create(),
            InspectImageCommand.Create(),
            HistoryCommand.Create(),
            UsageCommand.Create(),
            CheckCommand.Create(),
            ConvertCommand.Create(),
            MountCommand.Create(),
            MountCommand.CreateUnmount(),
            PruneCommand.Create(),
        };
    }
}
