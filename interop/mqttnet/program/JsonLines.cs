using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Anax.Interop;

/// <summary>Reads commands and writes answers and events, each a line of JSON.</summary>
public abstract class JsonLines
{
    static readonly JsonSerializerOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly Lock _writing = new();
    readonly Stream _output = Console.OpenStandardOutput();

    /// <summary>Does what a command says and gives what is to be answered.</summary>
    protected abstract Task<object?> DoAsync(string operation, JsonObject command);

    /// <summary>Commands run side by side, as calls of a program do; each answer has the number of its command.</summary>
    public async Task<int> RunAsync()
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        while (await input.ReadLineAsync() is { } line)
        {
            var command = JsonNode.Parse(line)!.AsObject();
            _ = AnswerAsync(command);
        }
        return 0;
    }

    /// <summary>Writes one line.</summary>
    protected void Write(object line)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(line, Options);
        lock (_writing)
        {
            _output.Write(bytes);
            _output.WriteByte((byte)'\n');
            _output.Flush();
        }
    }

    async Task AnswerAsync(JsonObject command)
    {
        var number = (int)command["number"]!;
        try
        {
            var result = await DoAsync((string)command["do"]!, command);
            Write(new { number, result });
        }
        catch (Exception error)
        {
            Write(new { number, error = error.GetType().Name, message = error.Message });
        }
    }
}

/// <summary>Reads fields of a command that may be missing.</summary>
public static class Fields
{
    public static string? Text(this JsonObject command, string name) => (string?)command[name];

    public static int Number(this JsonObject command, string name, int missing = 0) => (int?)command[name] ?? missing;

    public static bool Flag(this JsonObject command, string name, bool missing = false) => (bool?)command[name] ?? missing;

    public static JsonObject? Part(this JsonObject command, string name) => command[name]?.AsObject();
}
