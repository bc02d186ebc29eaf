using Anax.Interop;

// One program with several parts, so that it is restored and built once. What it says are lines of JSON.
return args switch
{
    ["client"] => await new ClientPart().RunAsync(),
    ["server"] => await new ServerPart().RunAsync(),
    ["tutorial-servers"] => await new TutorialServers().RunAsync(),
    ["tutorial-clients"] => await new TutorialClients().RunAsync(),
    ["bench-server", var port] => await BenchServer.RunAsync(int.Parse(port)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("client | server | tutorial-servers | tutorial-clients | bench-server <port>");
    return 2;
}
