using System.Text;
using System.Text.Json;
using Gantry.Core.Namespaces;

namespace Gantry.Runtime.Tests.Tasks;

/// <summary>Small OCI runtime specs for a root filesystem of busybox.</summary>
internal static class Specs
{
    public static byte[] Make(Namespace ns, string id, params string[] arguments) => Encoding.UTF8.GetBytes(
        $$"""
        {
          "ociVersion": "1.0.2",
          "process": {{Process(arguments)}},
          "root": { "path": "rootfs" },
          "hostname": "{{id}}",
          "mounts": [
            { "destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"] }
          ],
          "linux": {
            "cgroupsPath": "/gantry-test-{{ns}}-{{id}}",
            "namespaces": [
              { "type": "pid" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" }, { "type": "network" }
            ]
          }
        }
        """);

    public static string Process(params string[] arguments) =>
        $$"""
        {
          "user": { "uid": 0, "gid": 0 },
          "args": [{{string.Join(", ", arguments.Select(a => $"\"{JsonEncodedText.Encode(a)}\""))}}],
          "env": ["PATH=/bin"],
          "cwd": "/",
          "capabilities": { "bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"] }
        }
        """;
}
