using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;
using Gantry.Cli.CommandLine;
using Gantry.Manual;

namespace Gantry.Cli.Manual;

/// <summary>The manual: one page for the program, and one for each command, such as <c>gantry-image-convert</c>.</summary>
internal static class CommandPages
{
    private const int UserCommands = 1;
    private const int AdministratorCommands = 8;

    /// <summary>Writes all pages.</summary>
    /// <param name="root">The commands.</param>
    /// <param name="directory">Where to.</param>
    /// <exception cref="InvalidOperationException">An example is not what the commands take.</exception>
    public static void Write(RootCommand root, string directory)
    {
        Dictionary<string, Command> all = new(StringComparer.Ordinal);
        Collect(root, "gantry", all);
        foreach ((string path, IReadOnlyList<CommandExample> examples) in CommandExamples.All)
        {
            Check(root, all, path, examples);
        }

        foreach ((string path, Command command) in all)
        {
            Page(path, command).WriteTo(directory);
        }
    }

    private static void Collect(Command command, string path, Dictionary<string, Command> all)
    {
        all[path] = command;
        foreach (Command below in command.Subcommands.Where(below => !below.Hidden))
        {
            Collect(below, $"{path} {below.Name}", all);
        }
    }

    // An example that the program does not understand must not come out.
    private static void Check(
        RootCommand root, Dictionary<string, Command> all, string path, IReadOnlyList<CommandExample> examples)
    {
        foreach (CommandExample example in examples)
        {
            string[] words = example.Command.Split(" | ")[0].Split(" > ")[0].Split(' ')[1..];
            ParseResult parse = root.Parse(CommandOfContainer.Separate(words, root));
            if (parse.Errors.Count > 0 || !all.TryGetValue(path, out Command? command)
                || parse.CommandResult.Command != command)
            {
                throw new InvalidOperationException(
                    $"example of {path} is not understood: {example.Command}: {(parse.Errors.Count > 0 ? parse.Errors[0].Message : "of another command")}");
            }
        }
    }

    private static ManualPage Page(string path, Command command)
    {
        ManualPage page = new(PageName(path), UserCommands, $"Gantry {Version()}");
        page.Heading("NAME").Paragraph($"{PageName(path)} - {Description(path, command)}");
        page.Heading("SYNOPSIS").Synopsis(path, Rest(command));
        if (command.Aliases.Count > 0)
        {
            string parent = path[..(path.LastIndexOf(' ') + 1)];
            page.Heading("ALIASES").Paragraph(string.Join(", ", command.Aliases.Order(StringComparer.Ordinal).Select(alias => parent + alias)));
        }

        AddCommands(page, path, command);
        AddArguments(page, command);
        AddOptions(page, command);
        if (CommandExamples.All.TryGetValue(path, out IReadOnlyList<CommandExample>? examples))
        {
            page.Heading("EXAMPLES");
            foreach (CommandExample example in examples)
            {
                page.Example(example.Meaning, example.Command);
            }
        }

        if (command is RootCommand)
        {
            AddEnvironment(page);
        }

        page.Heading("EXIT STATUS").Paragraph(command.Name is CommandOfContainer.RunName or CommandOfContainer.ExecName
            ? "That of the process; 1 when it could not be run, and standard error says why."
            : "0 when all went well; 1 when something did not, and standard error says what; 130 when it was interrupted.");
        page.SeeAlso(Others(path, command));
        return page;
    }

    private static void AddCommands(ManualPage page, string path, Command command)
    {
        Command[] below = [.. command.Subcommands.Where(below => !below.Hidden).OrderBy(below => below.Name, StringComparer.Ordinal)];
        if (below.Length == 0)
        {
            return;
        }

        page.Heading("COMMANDS");
        foreach (Command one in below)
        {
            page.Term(PageName($"{path} {one.Name}") + "(1)", "", one.Description ?? "");
        }
    }

    private static void AddArguments(ManualPage page, Command command)
    {
        if (command.Arguments.Any(argument => !argument.Hidden))
        {
            page.Heading("ARGUMENTS");
            foreach (Argument argument in command.Arguments.Where(argument => !argument.Hidden))
            {
                page.Term(argument.HelpName ?? argument.Name, "", argument.Description ?? "");
            }
        }
    }

    private static void AddOptions(ManualPage page, Command command)
    {
        page.Heading(command is RootCommand ? "OPTIONS OF EVERY COMMAND" : "OPTIONS");
        IEnumerable<Option> ofGroup = command.Parents.Where(parent => parent is not RootCommand).OfType<Command>()
            .SelectMany(parent => parent.Options.Where(option => option.Recursive));
        foreach (Option option in command.Options.Concat(ofGroup).Where(option => !option.Hidden)
            .OrderBy(option => option.Name, StringComparer.Ordinal))
        {
            if (option is HelpOption)
            {
                page.Term("-h, --help", "", "Show help");
                continue;
            }

            IEnumerable<string> names = option.Aliases.Append(option.Name).OrderBy(name => name.Length);
            page.Term(string.Join(", ", names), ValueName(option), option.Description ?? "");
        }

        if (command is not RootCommand)
        {
            page.Paragraph("--address, --namespace, --timeout, --connect-timeout and --help are those of every command, see gantry(1).");
        }
    }

    private static void AddEnvironment(ManualPage page) =>
        page.Heading("ENVIRONMENT")
            .Term("GANTRY_ADDRESS, CONTAINERD_ADDRESS", "", "The socket of the daemon, when --address does not say")
            .Term("CONTAINERD_NAMESPACE", "", "The namespace to work in, when --namespace does not say")
            .Term("CONTAINERD_SNAPSHOTTER", "", "The snapshotter, when --snapshotter does not say");

    private static IEnumerable<(string Name, int Section)> Others(string path, Command command)
    {
        if (command is RootCommand)
        {
            return [("gantryd", AdministratorCommands)];
        }

        string parent = path[..path.LastIndexOf(' ')];
        return parent == "gantry"
            ? [("gantry", UserCommands), ("gantryd", AdministratorCommands)]
            : [(PageName(parent), UserCommands), ("gantry", UserCommands), ("gantryd", AdministratorCommands)];
    }

    private static string Rest(Command command)
    {
        IEnumerable<string> arguments = command.Arguments.Where(argument => !argument.Hidden).Select(argument =>
        {
            string name = (argument.HelpName ?? argument.Name).ToUpperInvariant();
            name = argument.Arity.MaximumNumberOfValues > 1 ? $"{name}..." : name;
            return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
        });
        string commands = command.Subcommands.Any(below => !below.Hidden) ? "COMMAND" : "";
        return string.Join(' ', arguments.Prepend(commands).Prepend("[options]").Where(word => word.Length > 0));
    }

    private static string ValueName(Option option) =>
        option.ValueType == typeof(bool) || option.Arity.MaximumNumberOfValues == 0
            ? ""
            : option.HelpName ?? option.Name.TrimStart('-');

    // That of the program is a sentence of which its name is the first word.
    private static string Description(string path, Command command) =>
        command is RootCommand ? command.Description![(path.Length + 1)..].TrimEnd('.') : command.Description ?? "";

    private static string PageName(string path) => path.Replace(' ', '-');

    private static string Version() =>
        typeof(CommandPages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?
            .InformationalVersion.Split('+')[0] ?? "";
}
