using System.Globalization;
using System.Reflection;
using Google.Protobuf.Reflection;

namespace Gantry.Api.Tests;

/// <summary>
/// The API as lines of text: what the tables beside the .proto files say, and what was compiled. A line is a kind and a
/// name, and what is to be the same on both sides.
/// </summary>
internal static class ApiTable
{
    /// <summary>The lines of a table.</summary>
    public static SortedDictionary<string, string> Read(string file)
    {
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "tables", file)))
        {
            if (line.Length == 0)
            {
                continue;
            }

            string[] columns = line.Split('\t');
            (string key, string value) = columns[0] switch
            {
                "enum" => ($"enum {columns[1]}.{columns[2]}", $"= {Number(columns[3])}"),
                "field" => ($"field {columns[1]}.{columns[3]}", $"{columns[4]} = {Number(columns[2])}"),
                "message" => ($"message {columns[1]}", "without fields"),
                "rpc" => ($"rpc {columns[1]}/{columns[2]}", $"({columns[3]}) returns ({columns[4]})"),
                _ => throw new InvalidDataException($"{file}: a line of kind {columns[0]}"),
            };
            lines.Add(key, value);
        }

        return lines;
    }

    /// <summary>The lines of all files that were compiled, but for the envelope of ttrpc and Gantry's own services.</summary>
    public static SortedDictionary<string, string> Compile()
    {
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        foreach (FileDescriptor file in Files().Where(file => file.Package != "ttrpc" && !IsOwn(file)))
        {
            foreach (EnumDescriptor type in file.EnumTypes)
            {
                Add(lines, type);
            }

            foreach (MessageDescriptor type in file.MessageTypes)
            {
                Add(lines, type);
            }

            foreach (MethodDescriptor method in file.Services.SelectMany(service => service.Methods))
            {
                string request = (method.IsClientStreaming ? "stream " : "") + TypeUrl.Of(method.InputType);
                string response = (method.IsServerStreaming ? "stream " : "") + TypeUrl.Of(method.OutputType);
                lines.Add($"rpc {method.Service.FullName}/{method.Name}", $"({request}) returns ({response})");
            }
        }

        return lines;
    }

    private static bool IsOwn(FileDescriptor file) => file.Package.StartsWith("gantry.", StringComparison.Ordinal);

    private static IEnumerable<FileDescriptor> Files() =>
        typeof(TypeUrl).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal))
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
            .Where(property => property?.PropertyType == typeof(FileDescriptor))
            .Select(property => (FileDescriptor)property!.GetValue(null)!);

    private static void Add(SortedDictionary<string, string> lines, EnumDescriptor type)
    {
        foreach (EnumValueDescriptor value in type.Values)
        {
            lines.Add($"enum {type.FullName}.{value.Name}", $"= {value.Number}");
        }
    }

    private static void Add(SortedDictionary<string, string> lines, MessageDescriptor type)
    {
        if (type.Fields.InDeclarationOrder().Count == 0 && type.NestedTypes.Count == 0)
        {
            lines.Add($"message {TypeUrl.Of(type)}", "without fields");
        }

        foreach (FieldDescriptor field in type.Fields.InDeclarationOrder())
        {
            lines.Add($"field {TypeUrl.Of(type)}.{field.Name}", $"{TypeOf(field)} = {field.FieldNumber}");
        }

        foreach (EnumDescriptor nested in type.EnumTypes)
        {
            Add(lines, nested);
        }

        foreach (MessageDescriptor nested in type.NestedTypes.Where(nested => !nested.IsMapEntry))
        {
            Add(lines, nested);
        }
    }

    private static string TypeOf(FieldDescriptor field)
    {
        if (field.IsMap)
        {
            FieldDescriptor[] entry = [.. field.MessageType.Fields.InFieldNumberOrder()];
            return $"map<{TypeOf(entry[0])},{TypeOf(entry[1])}>";
        }

        string name = field.FieldType switch
        {
            FieldType.Message => TypeUrl.Of(field.MessageType),
            FieldType.Enum => field.EnumType.FullName,
            _ => field.FieldType.ToString().ToLowerInvariant(),
        };
        if (field.IsRepeated)
        {
            return $"repeated {name}";
        }

        return field.ToProto().Proto3Optional ? $"{name} optional" : name;
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
