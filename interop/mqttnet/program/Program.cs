using Anax.Interop;

// One program with several parts, so that it is restored and built once. What it says are lines of JSON.
return args switch
{
    ["client"] => await new ClientPart().RunAsync(),
    ["server"] => await new ServerPart().RunAsync(),
    ["bench-server", var port] => await BenchServer.RunAsync(int.Parse(port)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("client | server | bench-server <port>");
    return 2;
}
