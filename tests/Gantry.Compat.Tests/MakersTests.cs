using CliWrap.Buffered;
using Gantry.Testing;
using Xunit;

namespace Gantry.Compat.Tests;

/// <summary>
/// Images that skopeo, umoci, buildah and podman made: pulled and run, pushed through each door of a registry, and read
/// back by skopeo and podman, digest for digest.
/// </summary>
[Collection(ImagesCollection.Name)]
public sealed class MakersTests(Images images, RegistryFixture registries) : IClassFixture<RegistryFixture>
{
    private const string Make =
        """
        set -e
        cd "$WORK"
        tools="--root $WORK/store --runroot $WORK/run --storage-driver vfs"
        mkdir -p root/bin
        cp /bin/busybox root/bin/
        for applet in sh echo; do ln -s busybox root/bin/$applet; done
        tar -C root -cf root.tar .
        container=$(buildah $tools from scratch)
        buildah $tools copy -q $container root / >/dev/null
        buildah $tools config --cmd /bin/sh --env PATH=/bin $container
        buildah $tools commit -q --format oci $container "$REGISTRY/made/buildah:1" >/dev/null
        buildah $tools commit -q --format docker $container "$REGISTRY/made/buildah-docker:1" >/dev/null
        buildah $tools config --arch arm64 $container
        buildah $tools commit -q --format oci $container "$REGISTRY/made/buildah-arm:1" >/dev/null
        buildah $tools rm $container >/dev/null
        podman $tools import -q -c 'CMD ["/bin/sh"]' -c 'ENV PATH=/bin' root.tar "$REGISTRY/made/podman:1" >/dev/null
        for maker in buildah buildah-docker buildah-arm podman; do
          podman $tools push -q --tls-verify=false "$REGISTRY/made/$maker:1"
        done
        skopeo copy -q --all --src-tls-verify=false --dest-tls-verify=false "docker://$UMOCI" "docker://$REGISTRY/made/umoci:1"
        buildah $tools manifest create index >/dev/null
        for part in buildah buildah-arm; do
          buildah $tools manifest add --tls-verify=false index "docker://$REGISTRY/made/$part:1" >/dev/null
        done
        buildah $tools manifest push -q --all --tls-verify=false index "docker://$REGISTRY/made/index:1" >/dev/null
        skopeo copy -q --format v2s2 --src-tls-verify=false --dest-tls-verify=false "docker://$UMOCI" "docker://$REGISTRY/made/skopeo:1"
        podman $tools rmi -f -a >/dev/null
        """;

    private const string Move =
        """
        set -e
        tools="--root $WORK/store --runroot $WORK/run --storage-driver vfs"
        digest() { sha256sum | sed 's/^/sha256:/; s/ .*//'; }
        source="$REGISTRY/made/$MAKER:1"
        made=$(skopeo inspect --raw --tls-verify=false "docker://$source" | digest)
        "$GANTRY" pull --all-platforms "$source" >/dev/null 2>&1
        [ "$("$GANTRY" run --rm "$source" echo "made by $MAKER")" = "made by $MAKER" ]
        for door in "$PLAIN_HOST||--tls-verify=false" \
          "$PASSWORD_HOST|--user me:s3cret|--tls-verify=false --creds me:s3cret" \
          "$TOKEN_HOST|--user me:s3cret|--tls-verify=false --creds me:s3cret" \
          "$TLS_HOST|--hosts-dir $HOSTS|--cert-dir $CERTIFICATES"
        do
          IFS='|' read -r host ours theirs <<<"$door"
          target="$host/moved/$MAKER:1"
          pushed=$("$GANTRY" push $ours "$source" "$target" 2>/dev/null)
          [ "$pushed" = "$host/moved/$MAKER@$made" ]
          [ "$(skopeo inspect --raw $theirs "docker://$target" | digest)" = "$made" ]
          podman $tools pull -q $theirs "$target" >/dev/null
          podman $tools image inspect --format '{{.RepoDigests}}' "$target" | grep -q "@$made"
          podman $tools rmi -f -a >/dev/null
          "$GANTRY" pull $ours "$target" >/dev/null 2>&1
          "$GANTRY" inspect "$target" | grep -q "\"digest\": \"$made\""
        done
        "$GANTRY" pull --plain-http "$PROXY_HOST/moved/$MAKER:1" >/dev/null 2>&1
        "$GANTRY" inspect "$PROXY_HOST/moved/$MAKER:1" | grep -q "\"digest\": \"$made\""
        "$GANTRY" rmi --sync $("$GANTRY" images -q) >/dev/null
        echo "$MAKER: the same"
        """;

    [Fact]
    public async Task Images_of_other_tools_come_and_go_without_a_changed_byte()
    {
        foreach (string program in (string[])["buildah", "podman", "skopeo", "umoci"])
        {
            Needs.Program(program);
        }

        using TempDirectory work = new();
        await using GantryDaemon gantry = await GantryDaemon.StartNewAsync();
        await using RegistryServer proxy = await RegistryServer.StartAsync(
            new RegistryServerOptions { ProxyOf = registries.Plain.Url }, TestContext.Current.CancellationToken);
        Dictionary<string, string?> environment = new(registries.Environment, StringComparer.Ordinal)
        {
            ["WORK"] = work.Path,
            ["GANTRY"] = Path.Combine(GantryDaemon.BinDirectory, "gantry"),
            ["REGISTRY"] = images.Registry,
            ["UMOCI"] = images.Busybox,
            ["PLAIN_HOST"] = registries.Plain.Host,
            ["PASSWORD_HOST"] = registries.Password.Host,
            ["TOKEN_HOST"] = registries.Token.Host,
            ["TLS_HOST"] = registries.Tls.Host,
            ["PROXY_HOST"] = proxy.Host,
            ["CERTIFICATES"] = registries.Tls.ClientDirectory,
            ["DOCKER_CONFIG"] = work.Path,
        };

        await File.WriteAllTextAsync(work["config.json"], "{}", TestContext.Current.CancellationToken);
        string made = await RunAsync(Make);
        Assert.Equal("", made);
        foreach (string maker in (string[])["umoci", "skopeo", "buildah", "buildah-docker", "podman", "index"])
        {
            environment["MAKER"] = maker;
            Assert.Equal($"{maker}: the same\n", await RunAsync(Move));
        }

        Assert.Empty(await gantry.LeftoversAsync());

        async Task<string> RunAsync(string script)
        {
            BufferedCommandResult result = await gantry.RunAsync("/bin/bash", ["-c", script], environment);
            Assert.True(
                result.ExitCode == 0,
                $"exit {result.ExitCode}\n{result.StandardOutput}{result.StandardError}{gantry.Tail()}");
            return result.StandardOutput;
        }
    }
}
