using Gantry.Cli.CommandLine;
using Gantry.Cli.Output;
using Gantry.Linux.Processes;

_ = ProgramImage.Populate();
int exitCode = await CommandTree.RunAsync(args);
StandardStreams.Flush();
return exitCode;
