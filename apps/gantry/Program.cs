using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;

int exitCode = await CommandTree.RunAsync(args);
StandardStreams.Flush();
return exitCode;
