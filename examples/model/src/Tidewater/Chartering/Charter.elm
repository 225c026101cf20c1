module Tidewater.Chartering.Charter exposing (Charter, Freight(..), Invoice, freight, invoice, total)

{-| The contract between owner and charterer, and the bill at its end.
-}

import Tidewater.Chartering.Cargo exposing (Cargo)
import Tidewater.Chartering.Laytime as Laytime exposing (Outcome(..), Period, Terms)
import Tidewater.Chartering.Vessel exposing (Vessel)


{-| How the carriage is paid, in cents.
-}
type Freight
    = PerTonne Int
    | LumpSum Int


{-| One ship, one cargo, one price.
-}
type alias Charter =
    { vessel : Vessel
    , cargo : Cargo
    , freight : Freight
    , laytime : Terms
    }


{-| The bill in cents. What the owner owes the charterer is negative.
-}
type alias Invoice =
    { ship : String
    , freight : Int
    , timeInPort : Int
    }


{-| The price of the carriage. A lump sum is due whether the ship is full or not.
-}
freight : Freight -> Cargo -> Int
freight terms cargo =
    case terms of
        PerTonne cents ->
            cents * cargo.tonnes

        LumpSum cents ->
            cents


{-| The bill for a charter, given the log of the time in port.
-}
invoice : Charter -> List Period -> Invoice
invoice charter log =
    { ship = charter.vessel.name
    , freight = freight charter.freight charter.cargo
    , timeInPort =
        case Laytime.outcome charter.laytime log of
            Demurrage cents ->
                cents

            Despatch cents ->
                negate cents

            OnTime ->
                0
    }


{-| What several bills come to.
-}
total : List Invoice -> Int
total invoices =
    invoices
        |> List.map (\bill -> bill.freight + bill.timeInPort)
        |> List.sum
