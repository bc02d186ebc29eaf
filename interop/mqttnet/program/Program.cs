using Anax.Interop;

// One program with several parts, so that it is restored and built once. What it says are lines of JSON.
return args switch
{
    ["client"] => await new ClientPart().RunAsync(),
    ["server"] => await new ServerPart().RunAsync(),
    ["tutorial-servers"] => await new TutorialServers().RunAsync(),
    ["tutorial-clients"] => await new TutorialClients().RunAsync(),
    ["bench-server", var port] => await BenchServer.RunAsync(int.Parse(port)),
    ["bench-client", var scenario, var port, var seconds, var version, var feedCpu, var generator] =>
        await BenchClient.RunAsync(scenario, int.Parse(port), double.Parse(seconds), version, feedCpu, generator),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("client | server | tutorial-servers | tutorial-clients | bench-server <port> | bench-client <scenario> <port> <seconds> <version> <cpu> <generator>");
    return 2;
}
