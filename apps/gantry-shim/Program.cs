using Gantry.Core.Errors;
using Gantry.Shim.Commands;
using Gantry.Shim.Logging;

try
{
    ShimArguments arguments = ShimArguments.Parse(args);
    return arguments.Action switch
    {
        ShimAction.Version => VersionCommand.Run(),
        ShimAction.Info => await InfoCommand.RunAsync(),
        ShimAction.Start => StartCommand.Run(arguments),
        ShimAction.Delete => await DeleteCommand.RunAsync(arguments),
        _ => await ServeCommand.RunAsync(arguments),
    };
}
catch (Exception e) when (
    e is ShimUsageException or GantryException or IOException or UnauthorizedAccessException)
{
    // The daemon reads what the command prints, and passes it on as the reason of its failure.
    StandardStreams.WriteError($"{ShimArguments.ProgramName}: {e.Message}\n");
    return e is GantryException or IOException ? 1 : 2;
}
