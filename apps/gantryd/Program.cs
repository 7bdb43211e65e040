using Gantry.Daemon;

return await Commands.RunAsync(args, CancellationToken.None);
