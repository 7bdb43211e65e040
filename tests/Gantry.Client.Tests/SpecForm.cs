using System.Text.Json.Nodes;

namespace Gantry.Client.Tests;

/// <summary>
/// Brings specs of ctr and of this library into one form, for comparison. The differences that are allowed, each with its
/// reason, are here and nowhere else.
/// </summary>
internal static class SpecForm
{
    /// <summary>
    /// Calls on which the default filters differ: ctr 1.6 has the table of 2023, this library that of today. io_uring has
    /// broken out of containers since and is refused; sockets of AF_ALG and AF_VSOCK as well, so that <c>socket</c> has
    /// conditions; the others came with newer kernels, or were found to be harmless.
    /// </summary>
    private static readonly string[] OfAnotherTime =
    [
        "cachestat", "fchmodat2", "futex_requeue", "futex_wait", "futex_wake", "getxattrat", "io_uring_enter",
        "io_uring_register", "io_uring_setup", "listmount", "listxattrat", "lsm_get_self_attr", "lsm_list_modules",
        "lsm_set_self_attr", "map_shadow_stack", "mseal", "name_to_handle_at", "process_vm_readv", "process_vm_writev",
        "removexattrat", "set_mempolicy_home_node", "setxattrat", "socket", "statmount", "uretprobe",
    ];

    public static string Of(JsonNode spec)
    {
        JsonObject copy = spec.DeepClone().AsObject();

        // The version that is written is the one that the program was compiled with.
        copy.Remove("ociVersion");
        if (copy["linux"]?["seccomp"]?["syscalls"] is JsonArray rules)
        {
            copy["linux"]!["seccomp"]!["syscalls"] = Rules(rules);
        }

        return Sorted(copy)!.ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true });
    }

    /// <summary>One rule a call, in order; a call that is allowed anyway needs no second rule.</summary>
    private static JsonArray Rules(JsonArray rules)
    {
        SortedSet<string> lines = new(StringComparer.Ordinal);
        foreach (JsonNode? rule in rules)
        {
            foreach (string name in rule!["names"]!.AsArray().Select(n => n!.GetValue<string>()).Except(OfAnotherTime))
            {
                string arguments = rule["args"] is JsonArray { Count: > 0 } args
                    ? string.Join(' ', args.Select(a => $"{a!["index"]} {a["op"]} {a["value"]} {a["valueTwo"] ?? 0}"))
                    : "";
                lines.Add($"{name} {rule["action"]} {rule["errnoRet"]} {arguments}".TrimEnd());
            }
        }

        return [.. lines.Select(l => (JsonNode)l)];
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(
            o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sorted(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sorted)]),
        _ => node?.DeepClone(),
    };
}
